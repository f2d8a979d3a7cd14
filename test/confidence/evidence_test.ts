import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NounFinder } from "../../src/concepts/noun_table.ts";
import { type CaptionFacts, evidenceNames, evidenceOf } from "../../src/confidence/evidence.ts";

const finder = new NounFinder([
  { forms: ["person", "man", "woman"] },
  { forms: ["man", "men"] },
  { forms: ["dog"] },
  { forms: ["ball"] },
]);
const bare: CaptionFacts = {
  words: ["a", "man", "and", "a", "dog"],
  wordLogProbabilities: [-0.5, -1, -0.25, -0.25, -2],
  logProbability: -4.5,
};
const odds = (p: number) => Math.log(p / (1 - p));

describe("evidenceOf()", () => {
  test("takes the caption's probabilities, and default values for what is not known", () => {
    expect(evidenceOf(bare)).toEqual({
      meanLogProbability: -0.8,
      leastLogProbability: -2,
      logProbabilityPerLength: -0.75,
      words: 5,
      margin: 0,
      agreement: 0,
      likeness: 0,
      nouns: 0,
      leastNamed: 0,
      meanNamed: 0,
      allNamed: 0,
      likeliestUnnamed: 0,
      likeliest: 0,
    });
    expect(evidenceOf({ ...bare, margin: 0.1, agreement: 0.2, likeness: -0.3 })).toMatchObject({
      margin: 0.1,
      agreement: 0.2,
      likeness: -0.3,
    });
  });

  test("weighs the nouns that are named, and those that are not", () => {
    const evidence = evidenceOf({ ...bare, concepts: { finder, probabilities: [0.9, 0.6, 0.2, 0.8] } });
    expect(evidence.nouns).toBe(2);
    expect(evidence.leastNamed).toBeCloseTo(odds(0.2), 12);
    expect(evidence.meanNamed).toBeCloseTo((odds(0.9) + odds(0.2)) / 2, 12);
    expect(evidence.allNamed).toBeCloseTo(Math.log(0.9 * 0.2), 12);
    expect(evidence.likeliestUnnamed).toBeCloseTo(odds(0.8), 12);
    expect(evidence.likeliest).toBeCloseTo(odds(0.9), 12);
  });

  test("does not treat an unsure noun as missing", () => {
    const probabilities = [0.9, 0.6, 0.9, 0.49];
    expect(evidenceOf({ ...bare, concepts: { finder, probabilities } }).likeliestUnnamed).toBe(0);
  });

  test("is finite for any input", () => {
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "man", "dog", "sky"), { maxLength: 20 }),
        fc.array(chance, { minLength: 4, maxLength: 4 }),
        (words, probabilities) => {
          const wordLogProbabilities = words.map((_, i) => -i);
          const facts = { words, wordLogProbabilities, logProbability: -words.length };
          const evidence = evidenceOf({ ...facts, concepts: { finder, probabilities } });
          expect(Object.keys(evidence).sort()).toEqual([...evidenceNames].sort());
          for (const value of Object.values(evidence)) expect(Number.isFinite(value)).toBe(true);
        },
      ),
    );
  });
});
