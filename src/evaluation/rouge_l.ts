// Weight of recall in the COCO caption code.
const beta = 1.2;

/** Length of the longest common subsequence of two lists of words. */
function longestCommonSubsequence(first: readonly string[], second: readonly string[]): number {
  const lengths = new Uint32Array(second.length + 1);
  for (const word of first) {
    let diagonal = 0;
    for (let column = 1; column <= second.length; column++) {
      const above = lengths[column]!;
      lengths[column] = word === second[column - 1] ? diagonal + 1 : Math.max(above, lengths[column - 1]!);
      diagonal = above;
    }
  }
  return lengths[second.length]!;
}

/**
 * ROUGE-L of one caption (Lin, 2004), as the COCO caption evaluation code computes it: the best precision and the
 * best recall over the references, not necessarily of the same one, combined with beta 1.2.
 *
 * @param hypothesis Words of the caption.
 * @param references Words of each reference.
 * @returns From 0 to 1; 0 if nothing is shared.
 */
export function rougeL(hypothesis: readonly string[], references: readonly (readonly string[])[]): number {
  let precision = 0;
  let recall = 0;
  for (const reference of references) {
    const shared = longestCommonSubsequence(hypothesis, reference);
    if (shared === 0) continue;
    precision = Math.max(precision, shared / hypothesis.length);
    recall = Math.max(recall, shared / reference.length);
  }
  if (precision === 0) return 0;
  return ((1 + beta ** 2) * precision * recall) / (recall + beta ** 2 * precision);
}
