import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Subwords } from "../../src/engines/subwords.ts";

const parts = ["", " a", " dog", " run", "s", "ning", "  ", "'s", "."];
const decode = (tokens: readonly number[]): string => tokens.map((token) => parts[token]!).join("");
const anyTokens = fc.array(
  fc.record({ token: fc.nat(parts.length - 1), logProbability: fc.double({ min: -20, max: 0, noNaN: true }) }),
  { maxLength: 12 },
);

describe("Subwords", () => {
  test("puts parts together, each word with the probability of all its parts", () => {
    const subwords = new Subwords(decode);
    for (const [token, logProbability] of [
      [0, -0.5],
      [1, -1],
      [2, -2],
      [7, -0.25],
      [3, -3],
      [5, -4],
    ] as const)
      subwords.add(token, logProbability);
    expect(subwords.words).toEqual([
      { text: "a", logProbability: -1.5 },
      { text: "dog's", logProbability: -2.25 },
      { text: "running", logProbability: -7 },
    ]);
  });

  test("gives each word once, as soon as the next one has begun", () => {
    fc.assert(
      fc.property(anyTokens, (tokens) => {
        const subwords = new Subwords(decode);
        const given = [];
        for (const { token, logProbability } of tokens) {
          subwords.add(token, logProbability);
          given.push(...subwords.take(false));
          expect(subwords.words.length - given.length).toBeLessThanOrEqual(1);
        }
        given.push(...subwords.take(true));
        expect(given).toEqual(subwords.words);
        expect(given.map(({ text }) => text).join(" ")).toBe(
          decode(tokens.map(({ token }) => token))
            .trim()
            .replace(/\s+/g, " "),
        );
        const sum = tokens.reduce((total, { logProbability }) => total + logProbability, 0);
        const words = given.reduce((total, { logProbability }) => total + logProbability, 0);
        if (given.length > 0) expect(words).toBeCloseTo(sum, 8);
      }),
    );
  });
});
