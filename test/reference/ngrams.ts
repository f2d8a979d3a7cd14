/** A reference implementation of the hashes of n-grams, to compare the one in Rust with. */

/** N-grams of 1 to 4 words, the end included, each with its length minus one and its hash (FNV-1a). */
export function ngramsOf(tokens: readonly number[], endId: number): { n: number; hash: number; key: string }[] {
  const words = [...tokens, endId];
  return words.flatMap((_, start) =>
    [0, 1, 2, 3]
      .filter((n) => start + n < words.length)
      .map((n) => {
        const ngram = words.slice(start, start + n + 1);
        const bytes = [...ngram, n].flatMap((value) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff));
        const hash = bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
        return { n, hash, key: ngram.join() };
      }),
  );
}
