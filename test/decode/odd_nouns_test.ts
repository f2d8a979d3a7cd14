/** Tables of nouns and vocabularies that no exporter writes. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NounPlaces } from "../../src/decode/noun_places.ts";
import { RequiredConcepts } from "../../src/decode/required_concepts.ts";

const words = fc.uniqueArray(
  fc.constantFrom(..."a s dog dogs cat man men woman women hot bus stop school is on é 's <unk> lion lions".split(" ")),
  { minLength: 1, maxLength: 12 },
);
const form = fc
  .array(fc.constantFrom(..."dog dogs cat man woman women hot bus school lion lions <unk> x s".split(" ")), {
    minLength: 1,
    maxLength: 5,
  })
  .map((all) => all.join(" "));
/** A name, and forms that may repeat it, each other, and those of other nouns. */
const noun = fc
  .tuple(form, fc.array(form, { maxLength: 4 }))
  .map(([name, forms]) => ({ name, forms: [name, ...forms] }));

const special = ["<pad>", "<start>", "<end>", "<unk>"];

function vocabularyOf(own: readonly string[]) {
  const all = [...special, ...own.filter((word) => word !== "<unk>")];
  return {
    size: all.length,
    encode: (tokens: readonly string[]) =>
      Uint32Array.from(tokens, (token) => (all.includes(token) ? all.indexOf(token) : 3)),
    decode: (ids: Uint32Array) => Array.from(ids, (id) => all[id]!),
  };
}

const probability = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 1, Number.NaN, 1e-30, 0.5, 0.99),
);
const logit = fc.oneof(
  fc.float({ min: -30, max: 30, noNaN: true }),
  fc.constantFrom(Number.NEGATIVE_INFINITY, 0, -65504),
);

describe("RequiredConcepts and NounPlaces", () => {
  test("require only known words, and keep all others possible, for any nouns, vocabulary and graphs", async () => {
    const seen = { only: 0, lowered: 0 };
    const inputs = fc.record({
      own: words,
      nouns: fc.array(noun, { minLength: 1, maxLength: 8 }),
      chances: fc.array(probability, { minLength: 8, maxLength: 8 }),
      caption: fc.array(fc.nat(30), { maxLength: 8 }),
      row: fc.array(logit, { minLength: 16, maxLength: 16 }),
      before: fc.nat(30),
      rewardOfOnly: fc.constantFrom(undefined, 0, 5),
      leastOfOnly: fc.constantFrom(undefined, 0.2, 0.9),
      most: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ own, nouns, chances, caption, row, before, most, ...onlyRule }) => {
        const vocabulary = vocabularyOf(own);
        const rule = { least: 0.4, most, reward: 1, ...onlyRule };
        const concepts = new RequiredConcepts(nouns, vocabulary as never, rule);
        const probabilities = Float32Array.from(chances.slice(0, nouns.length));
        const ids = Uint32Array.from(caption, (id) => id % vocabulary.size);
        const missing = concepts.missing(probabilities, ids);
        expect(missing.required.length).toBeLessThanOrEqual(most);
        const only = concepts.onlyMissing(probabilities, ids);
        expect(only?.required.length ?? 1).toBe(1);
        for (const forms of [...missing.required, ...(only?.required ?? [])]) {
          expect(forms.length).toBeGreaterThan(0);
          for (const one of forms) {
            expect(one.length > 0 && one.length <= 3 && one.every((id) => id > 3 && id < vocabulary.size)).toBe(true);
          }
        }
        if (only !== undefined) {
          seen.only++;
          // It names nothing sure.
          expect(concepts.isPlausible(probabilities, ids)).toBe(false);
          const logits = Float32Array.from({ length: 2 * vocabulary.size }, (_, at) => row[at % row.length]!);
          const kept = logits.slice();
          const step = concepts.helping(async () => ({ logits }), only, probabilities);
          const tokens = Int32Array.of(before % vocabulary.size, 1);
          const { logits: corrected } = await step(tokens, new Uint32Array(2));
          expect(logits).toEqual(kept);
          expect(corrected.some(Number.isNaN)).toBe(false);
          const named = new Set(
            nouns.flatMap(({ forms }) => forms.flatMap((one) => [...vocabulary.encode(one.split(" "))])),
          );
          for (const [at, value] of corrected.entries()) {
            if (!named.has(at % vocabulary.size)) expect(value).toBe(kept[at]!);
            if (value < kept[at]!) seen.lowered++;
            // A word that was possible stays possible.
            expect(value === Number.NEGATIVE_INFINITY).toBe(kept[at] === Number.NEGATIVE_INFINITY);
          }
        }
      }),
      { numRuns: 1000 },
    );
    expect(seen.only).toBeGreaterThan(20);
    expect(seen.lowered).toBeGreaterThan(20);
  });

  test("leave the logits to nouns of which the vocabulary has no form", async () => {
    const places = new NounPlaces({
      nouns: [{ name: "dog", forms: ["dog"] }],
      forms: [[]],
      people: [false],
      vocabulary: { encode: (tokens) => new Uint32Array(tokens.length).fill(3), decode: () => [] },
    });
    const logits = Float32Array.of(1, Number.NEGATIVE_INFINITY, Number.NaN, 2);
    const step = places.correct(async () => ({ logits }), 0, Float32Array.of(Number.NaN));
    expect([...(await step(Int32Array.of(3), new Uint32Array(1))).logits]).toEqual([...logits]);
  });
});
