/**
 * Counts the n-grams of a sentence, for every order from 1 to `maximumOrder`.
 *
 * @param tokens Words of one sentence, without spaces.
 * @returns For each order n, at index n - 1, how often each n-gram (its words joined by a space) occurs.
 */
export function countNgrams(tokens: readonly string[], maximumOrder: number): Map<string, number>[] {
  const counts = Array.from({ length: maximumOrder }, () => new Map<string, number>());
  for (let start = 0; start < tokens.length; start++) {
    let ngram = "";
    for (let order = 0; order < maximumOrder && start + order < tokens.length; order++) {
      ngram = order === 0 ? tokens[start]! : `${ngram} ${tokens[start + order]!}`;
      counts[order]!.set(ngram, (counts[order]!.get(ngram) ?? 0) + 1);
    }
  }
  return counts;
}
