/** Words of the longest n-grams. */
export const longestNgram = 4;

/**
 * Hashes of the n-grams of a caption, of 1 to 4 words, with how often each occurs.
 *
 * @param tokens Ids of the words. The end is put behind them, as where a caption ends is part of what it says.
 * @returns For each length n, at index n - 1, counts by 32-bit hash (FNV-1a, the length mixed in). Among the 100,000
 *   n-grams of a data set of some thousand photos, one or two share their hash with another.
 */
export function countNgramHashes(tokens: ArrayLike<number>, endId: number): Map<number, number>[] {
  const counts = Array.from({ length: longestNgram }, () => new Map<number, number>());
  for (let start = 0; start <= tokens.length; start++) {
    let hash = 0x811c9dc5;
    for (let n = 0; n < longestNgram && start + n <= tokens.length; n++) {
      hash = mix(hash, start + n === tokens.length ? endId : tokens[start + n]!);
      const key = mix(hash, n) >>> 0;
      counts[n]!.set(key, (counts[n]!.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

/** Takes a number into the hash, byte by byte. */
function mix(hash: number, value: number): number {
  let mixed = hash;
  for (let rest = value, byte = 0; byte < 4; byte++, rest >>>= 8) mixed = Math.imul(mixed ^ (rest & 0xff), 0x01000193);
  return mixed;
}
