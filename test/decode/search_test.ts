import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Hypothesis, Search, type SearchOptions } from "../../src/decode/search.ts";
import { EdgecapError } from "../../src/errors.ts";
import { textModule } from "../../src/text/wasm.ts";
import { searchTwin } from "../twins/search.ts";

beforeAll(async () => {
  await textModule();
});

type Model = (history: readonly number[]) => Float32Array;

const defaults: Required<SearchOptions> = {
  vocabulary: 10,
  beams: 1,
  maxWords: 8,
  minWords: 0,
  lengthPenalty: 0,
  noRepeatNgram: 0,
  startId: 1,
  endId: 2,
  banned: Uint32Array.of(0, 1, 3),
  temperature: 0,
  topK: 0,
  topP: 1,
  seed: 0,
};

/** Runs a whole search over a model in place of a graph. */
function run(options: SearchOptions, model: Model): Hypothesis[] {
  using search = new Search(options);
  let histories: number[][] = [[]];
  do {
    const parents = search.parents();
    histories = Array.from(search.tokens(), (token, beam) => [...histories[parents[beam]!]!, token]);
    const logits = search.logits();
    expect(logits.length).toBe(histories.length * options.vocabulary);
    for (const [beam, history] of histories.entries()) logits.set(model(history), beam * options.vocabulary);
  } while (search.advance());
  return search.results(options.beams ?? 1);
}

/** A model whose logits look random, and depend on nothing but the history. */
function scrambled(vocabulary: number, spread: number, salt: number, impossible: number): Model {
  return (history) => {
    let state = history.reduce((hash, token) => Math.imul(hash ^ token, 0x01000193) >>> 0, salt);
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    return Float32Array.from({ length: vocabulary }, () => (next() < impossible ? -Infinity : next() * spread));
  };
}

const anyOptions = fc
  .record({
    vocabulary: fc.integer({ min: 5, max: 60 }),
    beams: fc.integer({ min: 1, max: 8 }),
    maxWords: fc.integer({ min: 1, max: 12 }),
    minWords: fc.integer({ min: 0, max: 4 }),
    lengthPenalty: fc.constantFrom(0, 0.5, 0.7, 1, 2),
    noRepeatNgram: fc.integer({ min: 0, max: 3 }),
    temperature: fc.constantFrom(0, 0, 0.5, 1, 3),
    topK: fc.integer({ min: 0, max: 20 }),
    topP: fc.constantFrom(1, 0.9, 0.5, 0.01),
    seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  })
  .map(
    (options): Required<SearchOptions> => ({
      ...defaults,
      ...options,
      minWords: Math.min(options.minWords, options.maxWords),
    }),
  );

function expectSimilar(actual: readonly Hypothesis[], expected: readonly Hypothesis[]): void {
  expect(actual.map(({ tokens, finished }) => ({ tokens: [...tokens], finished }))).toEqual(
    expected.map(({ tokens, finished }) => ({ tokens: [...tokens], finished })),
  );
  for (const [i, hypothesis] of actual.entries()) {
    expect(hypothesis.logProbability).toBeCloseTo(expected[i]!.logProbability, 5);
    expect(hypothesis.score).toBeCloseTo(expected[i]!.score, 5);
    for (const [word, logProbability] of hypothesis.wordLogProbabilities.entries()) {
      expect(logProbability).toBeCloseTo(expected[i]!.wordLogProbabilities[word]!, 4);
    }
  }
}

/** What `work` gives, or the code of the error that it throws. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof EdgecapError ? error.code : String(error);
  }
}

describe("Search", () => {
  test("agrees with its twin on random models and options", () => {
    fc.assert(
      fc.property(
        anyOptions,
        fc.constantFrom(0.5, 4, 20),
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.constantFrom(0, 0.2),
        (options, spread, salt, impossible) => {
          const model = scrambled(options.vocabulary, spread, salt, impossible);
          const found = outcome(() => run(options, model));
          // The twin knows no errors: a search that has nothing left is checked below.
          if (typeof found === "string") expect(found).toBe("logits-invalid");
          else expectSimilar(found, searchTwin(options, model));
        },
      ),
      { numRuns: 1500 },
    );
  });

  test("the log-probability is the sum over the words and the end", () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: 0, max: 2 ** 31 }), (options, salt) => {
        const found = outcome(() => run(options, scrambled(options.vocabulary, 4, salt, 0)));
        if (typeof found === "string") return fc.pre(false);
        for (const { finished, logProbability, wordLogProbabilities, tokens, score } of found) {
          const words = wordLogProbabilities.reduce((sum, value) => sum + value, 0);
          if (finished) expect(logProbability).toBeLessThan(words + 1e-4);
          else expect(logProbability).toBeCloseTo(words, 3);
          const length = tokens.length + (finished ? 1 : 0);
          expect(score).toBeCloseTo(logProbability / length ** options.lengthPenalty, 8);
          expect(tokens.length).toBeGreaterThanOrEqual(options.minWords);
          expect(tokens.length).toBeLessThanOrEqual(options.maxWords);
          expect(tokens.filter((token) => [0, 1, 2, 3].includes(token)).length).toBe(0);
        }
      }),
    );
  });

  test("results() come best first, finished before cut, each once", () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: 0, max: 2 ** 31 }), (options, salt) => {
        const found = outcome(() => run(options, scrambled(options.vocabulary, 4, salt, 0)));
        if (typeof found === "string") return fc.pre(false);
        expect(found.length).toBeGreaterThan(0);
        for (const [i, { finished, score }] of found.slice(1).entries()) {
          const before = found[i]!;
          expect(Number(before.finished)).toBeGreaterThanOrEqual(Number(finished));
          if (before.finished === finished) expect(before.score).toBeGreaterThanOrEqual(score);
        }
        expect(new Set(found.map(({ tokens, finished }) => `${finished} ${tokens}`)).size).toBe(found.length);
      }),
    );
  });

  test("the same seed draws the same captions, and the first does not depend on how many are drawn", () => {
    const model = scrambled(200, 3, 11, 0);
    const options = { ...defaults, vocabulary: 200, temperature: 1, maxWords: 12, seed: 42 };
    const [alone] = run(options, model);
    expect(run(options, model)).toEqual([alone!]);
    const many = run({ ...options, beams: 6 }, model);
    expect(many.map(({ tokens }) => [...tokens])).toContainEqual([...alone!.tokens]);
    expect(run({ ...options, beams: 6, seed: 43 }, model)).not.toEqual(many);
  });

  test("the words of a seed are these on every runtime", () => {
    const found = run({ ...defaults, vocabulary: 200, temperature: 1, seed: 42 }, scrambled(200, 3, 11, 0));
    expect([...found[0]!.tokens]).toEqual([149, 83, 142, 121, 4, 184, 105, 40]);
  });

  test("names the beam and the token of a broken logit, and can go on with better ones", () => {
    for (const [value, name] of [
      [Number.NaN, "NaN"],
      [Infinity, "inf"],
    ] as const) {
      using search = new Search({ vocabulary: 6, beams: 3 });
      search.logits().set([0, 0, 0, 0, 1, 2]);
      expect(search.advance()).toBe(true);
      search.logits().fill(0);
      search.logits()[6 + 4] = value;
      expect(() => search.advance()).toThrow(`The logits of beam 1 hold ${name} at token 4`);
      expect(outcome(() => search.advance())).toBe("logits-invalid");
      search.logits().fill(0);
      expect(search.advance()).toBe(true);
    }
  });

  test("says so where every token is banned", () => {
    for (const temperature of [0, 1]) {
      using search = new Search({ vocabulary: 4, minWords: 1, temperature });
      expect(() => search.advance()).toThrow("No token is left to continue beam 0");
      expect(outcome(() => search.advance())).toBe("logits-invalid");
    }
  });

  test("refuses options out of range, naming them", () => {
    for (const [name, values] of Object.entries({
      vocabulary: [1, 0, 2 ** 20 + 1, 2.5, Number.NaN],
      beams: [0, 65, 1.5, -1, 2 ** 32 + 1],
      maxWords: [0, 1001, -1],
      minWords: [9, -1, 0.5],
      lengthPenalty: [-0.1, 11, Number.NaN, Infinity],
      noRepeatNgram: [-1, 1001],
      startId: [10, -1],
      endId: [10, Number.NaN],
      temperature: [-1, 101, Number.NaN, Infinity],
      topK: [-1, 0.5, Infinity],
      topP: [0, 1.1, -1, Number.NaN],
      seed: [-1, 0.5, 2 ** 53, Number.NaN],
    })) {
      for (const value of values) {
        const make = () => new Search({ ...defaults, [name]: value });
        expect(outcome(make)).toBe("option-invalid");
        expect(make).toThrow(`The search option ${name} is `);
      }
    }
    for (const id of [2, 10]) {
      expect(() => new Search({ ...defaults, banned: Uint32Array.of(id) })).toThrow(
        `The search option banned is ${id}`,
      );
    }
  });

  test("takes a large vocabulary, and its memory stays where it is while the search lasts", () => {
    using search = new Search({ vocabulary: 50_000, beams: 8, maxWords: 4 });
    const model = scrambled(50_000, 9, 5, 0);
    const place = search.logits().byteOffset;
    do {
      for (let beam = 0; beam < search.live(); beam++) search.logits().set(model([beam]), beam * 50_000);
      expect(search.logits().byteOffset).toBe(place);
    } while (search.advance());
    expect(search.results(8).length).toBe(8);
    expect(search.advance()).toBe(false);
  });

  test("what is left out has the defaults that its documentation gives", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (salt) => {
        const model = scrambled(30, 4, salt, 0);
        expectSimilar(run({ vocabulary: 30 }, model), searchTwin({ vocabulary: 30 }, model));
      }),
    );
  });

  test("disposing twice does no harm", () => {
    const search = new Search(defaults);
    search[Symbol.dispose]();
    expect(() => search[Symbol.dispose]()).not.toThrow();
  });
});
