import { describe, expect, test } from "bun:test";
import { withMoreWords } from "../../../src/training/words/more_words.ts";

describe("withMoreWords()", () => {
  const from = ["a", "b", "c", "d"];
  const vectors = new Map(["a", "b", "c", "d", "e"].map((word, i) => [word, Float32Array.of(i + 1, (i * 7) % 5)]));
  // Weights that are linear in the vectors, for the regression to find.
  const of = (word: string, unit: number) => {
    const [x, y] = vectors.get(word)!;
    return 100 * (x! * (unit + 1) - y!);
  };
  const arrays = new Map([
    ["embedding", Float32Array.from(from.flatMap((word) => [of(word, 0), of(word, 1), of(word, 2)]))],
    ["output_kernel", Float32Array.from([0, 1].flatMap((unit) => from.map((word) => of(word, unit))))],
    ["output_bias", Float32Array.of(-1, -2, -3, -4)],
    ["mix_bias", Float32Array.of(7)],
  ]);

  test("keeps known words, wherever they stand, and all other weights", () => {
    const found = withMoreWords(arrays, { from, to: ["d", "e", "a"], vectors, counts: [5, 5, 9] });
    expect([...found.get("embedding")!.slice(0, 3)]).toEqual([of("d", 0), of("d", 1), of("d", 2)]);
    expect(found.get("output_kernel")![3 + 2]).toBe(of("a", 1));
    expect(found.get("output_bias")![2]).toBe(-1);
    expect(found.get("mix_bias")).toBe(arrays.get("mix_bias")!);
  });

  test("predicts a new word's weights from its vector", () => {
    const found = withMoreWords(arrays, { from, to: [...from, "e"], vectors, counts: [9, 8, 7, 6, 6] });
    const embedding = found.get("embedding")!.slice(12);
    for (let unit = 0; unit < 3; unit++) {
      // The ridge shrinks them, but sign and size are right.
      expect(embedding[unit]! / of("e", unit)).toBeGreaterThan(0.5);
      expect(embedding[unit]! / of("e", unit)).toBeLessThan(1.5);
    }
    expect(found.get("output_bias")![4]).toBeLessThan(-1);
  });

  test("gives a word without a vector the mean of the known ones", () => {
    const found = withMoreWords(arrays, { from, to: [...from, "?"], vectors, counts: [1, 1, 1, 1, 1] });
    const mean = from.reduce((sum, word) => sum + of(word, 0) / 4, 0);
    expect(found.get("embedding")![12]).toBeCloseTo(mean, 3);
  });
});
