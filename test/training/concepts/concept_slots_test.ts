import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { ConceptSlots, likeliest } from "../../../src/training/concepts/concept_slots.ts";
import { StandIns } from "../../../src/training/concepts/stand_ins.ts";

describe("likeliest()", () => {
  test("gives the same as sorting", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 1, max: 6 }), (values, count) => {
        const sorted = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
        expect(likeliest(values, count)).toEqual(sorted.slice(0, count));
      }),
    );
  });
});

describe("ConceptSlots.write()", () => {
  test("writes the vectors of the likeliest nouns, followed by their probabilities", () => {
    const slots = new ConceptSlots({ nouns: 3, slots: 2, vector: 2 }, Float32Array.of(1, 2, 3, 4, 5, 6));
    const target = new Float32Array(8).fill(-1);
    slots.write([0.25, 0.5, 0.75], target, 1);
    expect(slots.length).toBe(6);
    expect([...target]).toEqual([-1, 5, 6, 0.75, 3, 4, 0.5, -1]);
  });
});

describe("StandIns.draw()", () => {
  const photos = [
    { nouns: new Set([0, 1]), probabilities: Float32Array.of(0.9, 0.8, 0.1, 0.05) },
    { nouns: new Set([2]), probabilities: Float32Array.of(0.05, 0.1, 0.7, 0.2) },
  ];

  test("keeps what the most similar photo says about its nouns, and takes other nouns from photos that have them", () => {
    const standIns = new StandIns(photos, 4);
    const random = new SeededRandom(1);
    for (let i = 0; i < 50; i++) {
      const drawn = standIns.draw(new Set([0, 1]), random);
      expect([...drawn]).toEqual([...photos[0]!.probabilities]);
      const other = standIns.draw(new Set([0, 3]), random);
      // No photo shows noun 3: it gets the probability of a noun that some photo shows.
      expect([0.9, 0.8, 0.7].some((right) => Math.abs(other[3]! - right) < 1e-6)).toBe(true);
    }
  });

  test("hides most nouns that the caption does not name", () => {
    const standIns = new StandIns(photos.slice(0, 1), 4);
    const random = new SeededRandom(2);
    const drawn = Array.from({ length: 200 }, () => standIns.draw(new Set([0]), random)[1]!);
    const shown = drawn.filter((probability) => probability > 0.5).length;
    expect(shown).toBeGreaterThan(30);
    expect(shown).toBeLessThan(90);
  });
});
