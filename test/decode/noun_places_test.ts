import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NounPlaces } from "../../src/decode/noun_places.ts";

const words =
  "<pad> <start> <end> <unk> a is on lion lions dog dogs rock tennis racket rackets man photo bus buses".split(" ");
const id = (word: string) => words.indexOf(word);
const nouns = [
  { name: "lion", forms: ["lion", "lions"] },
  { name: "dog", forms: ["dog", "dogs"] },
  { name: "rock", forms: ["rock"] },
  { name: "tennis racket", forms: ["tennis racket", "tennis rackets", "racket", "rackets"] },
  { name: "man", forms: ["man"] },
  { name: "bus", forms: ["bus", "buses"] },
];
const noun = (name: string) => nouns.findIndex((one) => one.name === name);
const places = new NounPlaces({
  nouns,
  forms: nouns.map(({ forms }) => forms.map((form) => Uint32Array.from(form.split(" "), id))),
  people: nouns.map(({ name }) => name === "man"),
  vocabulary: {
    encode: (tokens) => Uint32Array.from(tokens, (token) => (words.includes(token) ? id(token) : 3)),
    decode: (ids) => Array.from(ids, (one) => words[one]!),
  },
});

/** Logits after the correction, by word, if each noun has the given probability, or 1. */
async function corrected(name: string, before: string, logits: Record<string, number>, chances = {}) {
  const row = Float32Array.from(words, (word) => logits[word] ?? -10);
  const probabilities = Float32Array.from(nouns, (one) => (chances as Record<string, number>)[one.name] ?? 1);
  const kept = row.slice();
  const step = places.correct(async () => ({ logits: row }), noun(name), probabilities);
  const found = await step(Int32Array.of(id(before)), Uint32Array.of(0));
  expect(row).toEqual(kept);
  return Object.fromEntries(words.map((word, place) => [word, found.logits[place]!]));
}

describe("NounPlaces", () => {
  test("puts a noun where the decoder expects others of its number, halfway to the likeliest", async () => {
    const found = await corrected("lion", "a", { lion: -8, dog: 2, dogs: -4, is: 1 });
    expect(found["lion"]).toBeCloseTo(-3, 5);
    expect(found["lions"]).toBeCloseTo(-7, 5);
    expect(found["dog"]).toBe(2);
    expect(found["is"]).toBe(1);
  });

  test("leaves a noun that the decoder finds likeliest, and takes no person's place", async () => {
    expect((await corrected("lion", "a", { lion: 3, dog: 2 }))["lion"]).toBe(3);
    expect((await corrected("lion", "a", { lion: -8, man: 5 }))["lion"]).toBe(-8);
  });

  test("makes nouns that the picture does not show less likely, by a factor of ten at most", async () => {
    const found = await corrected("lion", "a", { dog: 2, rock: 2, man: 2, is: 2 }, { dog: 0.5, rock: 0.001, man: 0 });
    expect(found["dog"]).toBeCloseTo(2 + Math.log(0.5), 5);
    expect(found["rock"]).toBeCloseTo(2 + Math.log(0.1), 5);
    expect(found["man"]).toBeCloseTo(2 + Math.log(0.1), 5);
    expect(found["is"]).toBe(2);
  });

  test("makes a word for the picture itself less likely, and no unknown word", async () => {
    const found = await corrected("lion", "a", { photo: 2, "<unk>": 1 });
    expect(found["photo"]).toBeCloseTo(2 + Math.log(0.1), 5);
    expect(found["<unk>"]).toBe(1);
  });

  test("puts no noun beside another, but finishes a noun of several words", async () => {
    expect((await corrected("lion", "rock", { lion: 5 }))["lion"]).toBeLessThan(-20);
    expect((await corrected("lion", "lion", { dog: 5, is: 0 }))["dog"]).toBeLessThan(-20);
    const racket = await corrected("tennis racket", "tennis", { racket: 5, rock: 5 });
    expect(racket["racket"]).toBe(5);
    expect(racket["rock"]).toBeLessThan(-20);
    expect((await corrected("tennis racket", "a", { tennis: -8, rock: 2 }))["tennis"]).toBeCloseTo(-3, 5);
  });

  test("takes the place of its own number: a bus is one, and so is a racket that is named in short", async () => {
    const logits = { dog: 2, dogs: -4 };
    const bus = await corrected("bus", "a", { ...logits, bus: -8, buses: -8 });
    expect([bus["bus"], bus["buses"]]).toEqual([-3, -6]);
    const racket = await corrected("tennis racket", "a", { ...logits, racket: -8, rackets: -8 });
    expect([racket["racket"], racket["rackets"]]).toEqual([-3, -6]);
  });

  test("leaves the first word of a longer noun, which alone names nothing", async () => {
    const found = await corrected("lion", "a", { tennis: 2 }, { "tennis racket": 0.1 });
    expect(found["tennis"]).toBe(2);
    const after = await corrected("lion", "tennis", { lion: -8, dog: 2 });
    expect(after["lion"]).toBe(-3);
  });

  test("moves a noun beside another by the same amount, wherever others stand", async () => {
    expect((await corrected("lion", "rock", { lion: 5, dog: 9 }))["lion"]).toBe(5 - 30);
  });

  test("corrects each beam as if it were alone", async () => {
    const rows = [0, 1, 2].map((beam) => Float32Array.from(words, (_, at) => Math.sin(beam * 40 + at) * 5));
    const before = Int32Array.of(id("a"), id("rock"), id("is"));
    const chances = Float32Array.from(nouns, (_, at) => 1 - at / 10);
    const of = async (chosen: readonly Float32Array[], tokens: Int32Array) => {
      const logits = Float32Array.from(chosen.flatMap((row) => [...row]));
      const step = places.correct(async () => ({ logits }), noun("lion"), chances);
      return (await step(tokens, new Uint32Array(tokens.length))).logits;
    };
    const alone = await Promise.all(rows.map((row, beam) => of([row], before.slice(beam, beam + 1))));
    expect(await of(rows, before)).toEqual(Float32Array.from(alone.flatMap((row) => [...row])));
  });

  test("changes only nouns, in every beam, and keeps every word possible", async () => {
    const others = words.filter(
      (word) => word !== "photo" && !nouns.some(({ forms }) => forms.some((form) => form.includes(word))),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.nat({ max: words.length - 1 }),
            fc.array(fc.float({ min: -20, max: 20, noNaN: true }), {
              minLength: words.length,
              maxLength: words.length,
            }),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: nouns.length, maxLength: nouns.length }),
        fc.nat({ max: nouns.length - 1 }),
        async (beams, chances, which) => {
          const logits = Float32Array.from(beams.flatMap(([, row]) => row));
          const step = places.correct(async () => ({ logits }), which, Float32Array.from(chances));
          const tokens = Int32Array.from(beams, ([before]) => before);
          const found = (await step(tokens, new Uint32Array(beams.length))).logits;
          expect(found.every(Number.isFinite)).toBe(true);
          for (const beam of beams.keys()) {
            for (const word of others) {
              const place = beam * words.length + id(word);
              expect(found[place]).toBe(logits[place]!);
            }
          }
        },
      ),
    );
  });
});
