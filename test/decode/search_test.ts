import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Hypothesis, Search, type SearchOptions } from "../../src/decode/search.ts";
import { EdgecapError } from "../../src/errors.ts";
import { textModule } from "../../src/text/text_module.ts";
import { referenceSearch } from "../reference/search.ts";
import { runs } from "../runs.ts";

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
  repeatable: new Uint32Array(),
  required: [],
  conceptReward: 0,
  characters: new Uint32Array(),
  maxCharacters: 0,
  leastEnd: Number.NEGATIVE_INFINITY,
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
  return search.results(1000);
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

/** Concepts whose forms are drawn from few words, so that they share some. */
const anyRequired = fc.array(
  fc.array(fc.uint8Array({ minLength: 1, maxLength: 3, max: 9 }), { minLength: 1, maxLength: 4 }),
  { maxLength: 3 },
);

/** A form whose tokens are words of the vocabulary. */
function within(form: ArrayLike<number>, { vocabulary }: { readonly vocabulary: number }): Uint32Array {
  return Uint32Array.from(form, (token) => 4 + (token % (vocabulary - 4)));
}

/** How many of the concepts some words name. */
function namedBy(tokens: Uint32Array, required: NonNullable<SearchOptions["required"]>): number {
  const says = (form: Uint32Array) => ` ${tokens.join(" ")} `.includes(` ${form.join(" ")} `);
  return required.filter((forms) => forms.some(says)).length;
}

const anyOptions = fc
  .record({
    vocabulary: fc.integer({ min: 5, max: 60 }),
    beams: fc.integer({ min: 1, max: 8 }),
    maxWords: fc.integer({ min: 1, max: 12 }),
    minWords: fc.integer({ min: 0, max: 4 }),
    lengthPenalty: fc.constantFrom(0, 0.5, 0.7, 1, 2),
    noRepeatNgram: fc.integer({ min: 0, max: 3 }),
    repeatable: fc.constantFrom([], [4], [4, 5, 6, 7]).map((ids) => Uint32Array.from(ids)),
    required: anyRequired,
    conceptReward: fc.constantFrom(0, 0.5, 100),
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
      repeatable: options.repeatable.filter((id) => id < options.vocabulary),
      required:
        options.temperature > 0 ? [] : options.required.map((forms) => forms.map((form) => within(form, options))),
    }),
  );

function expectSimilar(actual: readonly Hypothesis[], expected: readonly Hypothesis[]): void {
  expect(actual.map(({ tokens, finished, named }) => ({ tokens: [...tokens], finished, named }))).toEqual(
    expected.map(({ tokens, finished, named }) => ({ tokens: [...tokens], finished, named })),
  );
  for (const [i, hypothesis] of actual.entries()) {
    expect(hypothesis.logProbability).toBeCloseTo(expected[i]!.logProbability, 5);
    expect(hypothesis.score).toBeCloseTo(expected[i]!.score, 5);
    for (const [word, logProbability] of hypothesis.wordLogProbabilities.entries()) {
      expect(logProbability).toBeCloseTo(expected[i]!.wordLogProbabilities[word]!, 4);
    }
  }
}

/** The result of `work`, or the code of the error that it throws. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof EdgecapError ? error.code : String(error);
  }
}

describe("Search", () => {
  test("agrees with the reference implementation on random models and options", () => {
    fc.assert(
      fc.property(
        anyOptions,
        fc.constantFrom(0.5, 4, 20),
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.constantFrom(0, 0.2),
        (options, spread, salt, impossible) => {
          const model = scrambled(options.vocabulary, spread, salt, impossible);
          const found = outcome(() => run(options, model));
          // The reference has no errors: a search without a possible token is checked below.
          if (typeof found === "string") expect(found).toBe("logits-invalid");
          else expectSimilar(found, referenceSearch(options, model));
        },
      ),
      { numRuns: runs(1500) },
    );
  });

  test("the log-probability is the sum over the words and the end", () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: 0, max: 2 ** 31 }), (options, salt) => {
        const found = outcome(() => run(options, scrambled(options.vocabulary, 4, salt, 0)));
        if (typeof found === "string") return fc.pre(false);
        for (const { finished, logProbability, wordLogProbabilities, tokens, score, named } of found) {
          const words = wordLogProbabilities.reduce((sum, value) => sum + value, 0);
          if (finished) expect(logProbability).toBeLessThan(words + 1e-4);
          else expect(logProbability).toBeCloseTo(words, 3);
          const length = tokens.length + (finished ? 1 : 0);
          expect(named).toBe(namedBy(tokens, options.required));
          expect(score).toBeCloseTo(
            logProbability / length ** options.lengthPenalty + named * options.conceptReward,
            8,
          );
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

  test("also finds with required concepts what it finds without them, and the same every time", () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: 0, max: 2 ** 31 }), (options, salt) => {
        const model = scrambled(options.vocabulary, 4, salt, 0);
        const plain = outcome(() => run({ ...options, required: [] }, model));
        const found = outcome(() => run(options, model));
        if (typeof plain === "string" || typeof found === "string") return expect(found).toEqual(plain);
        const texts = found.map(({ tokens, finished, logProbability }) => `${finished} ${tokens} ${logProbability}`);
        for (const { tokens, finished, logProbability } of plain) {
          expect(texts).toContain(`${finished} ${tokens} ${logProbability}`);
        }
        expect(run(options, model)).toEqual(found);
        if (options.required.length === 0) expectSimilar(found, plain);
      }),
    );
  });

  test("finds captions that name all required concepts of one word, and a great reward makes one win", () => {
    fc.assert(
      fc.property(
        anyOptions.filter(({ required }) => required.length > 0),
        fc.constantFrom(4, 20),
        fc.integer({ min: 0, max: 2 ** 31 }),
        (given, spread, salt) => {
          const model = scrambled(given.vocabulary, spread, salt, 0);
          const required = given.required.map((forms) => forms.map((form) => form.slice(0, 1)));
          const free = { noRepeatNgram: 0, repeatable: new Uint32Array(), maxWords: 12, conceptReward: 1000 };
          const found = run({ ...given, ...free, required }, model);
          expect(Math.max(...found.map(({ named }) => named))).toBe(required.length);
          for (const { tokens, named } of found) expect(named).toBe(namedBy(tokens, required));
          const [best, ...others] = found.filter(({ finished }) => finished);
          for (const { named } of others) expect(named).toBeLessThanOrEqual(best!.named);
        },
      ),
    );
  });

  test("forms of several words are completed, although none of their words is likely", () => {
    const logits = Float32Array.of(0, 0, 4, 0, 3, 3, -9, -9, -9, 1);
    const required = [[Uint32Array.of(6, 7, 8), Uint32Array.of(6, 8)]];
    for (const beams of [2, 3, 8]) {
      const [best] = run({ ...defaults, beams, required, conceptReward: 100 }, () => logits);
      expect(best!.named).toBe(1);
      expect(best!.finished).toBe(true);
      expect(best!.tokens.join()).toMatch(/(^|,)6,(7,8|8)(,|$)/);
    }
    // A form that does not fit is not begun.
    const cut = run({ ...defaults, beams: 3, maxWords: 1, required, conceptReward: 100 }, () => logits);
    expect(cut.map(({ named }) => named)).toEqual(cut.map(() => 0));
  });

  test("runs no more beams than its documentation says", () => {
    for (const [count, most] of [
      [0, 10],
      [1, 20],
      [2, 22],
      [3, 24],
    ] as const) {
      const required = [[Uint32Array.of(4)], [Uint32Array.of(5)], [Uint32Array.of(6)]].slice(0, count);
      using search = new Search({ vocabulary: 60, beams: 10, maxWords: 12, minWords: 12, required });
      const model = scrambled(60, 4, 3, 0);
      let live = 0;
      do {
        live = Math.max(live, search.live());
        for (let beam = 0; beam < search.live(); beam++) search.logits().set(model([beam]), beam * 60);
      } while (search.advance());
      expect(live).toBe(most);
      if (count === 0) expect(search.results(1000).length).toBeLessThanOrEqual(10);
    }
  });

  test("says no phrase twice, except words that may repeat", () => {
    // 4 is "a", 5 "young", 6 "man", 7 "woman".
    const order = [4, 5, 6, 4, 5, 6, 6, 7, 2];
    const model: Model = (history) => {
      const logits = Float32Array.from({ length: 10 }, (_, token) => (token === 2 ? -99 : -token));
      logits[order[history.length - 1] ?? 2] = 9;
      return logits;
    };
    const said = (options: Partial<SearchOptions>) =>
      run({ ...defaults, maxWords: 9, ...options }, model)[0]!.tokens.join(" ");
    const repeatable = Uint32Array.of(4, 5);
    expect(said({})).toBe("4 5 6 4 5 6 6 7");
    expect(said({ noRepeatNgram: 2, repeatable })).toBe("4 5 6 4 5 4 6 7");
    expect(said({ noRepeatNgram: 1, repeatable })).toBe("4 5 6 4 5 4 5 7");
    expect(said({ repeatable })).toBe("4 5 6 4 5 6 4 7");
    expect(said({ noRepeatNgram: 2 })).not.toContain("4 5 6 4 5");
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

  test("the same seed gives these words on every runtime", () => {
    const found = run({ ...defaults, vocabulary: 200, temperature: 1, seed: 42 }, scrambled(200, 3, 11, 0));
    expect([...found[0]!.tokens]).toEqual([149, 83, 142, 121, 4, 184, 105, 40]);
  });

  test("names the beam and the token of a broken logit, and can continue with better ones", () => {
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

  test("says so if every token is banned", () => {
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
      conceptReward: [-1, 1001, Number.NaN],
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
    expect(() => new Search({ ...defaults, repeatable: Uint32Array.of(10) })).toThrow("repeatable is 10");
    const form = Uint32Array.of(4);
    for (const [required, message] of [
      [[[form], [form], [form], [form]], "required is 4: give at most 3 concepts"],
      [[[form], []], "at least one form for each concept"],
      [[[new Uint32Array()]], "forms of 1 to 3 tokens"],
      [[[Uint32Array.of(4, 5, 6, 7)]], "forms of 1 to 3 tokens"],
      [[[Uint32Array.of(10)]], "required is 10: give ids of the vocabulary"],
      [[[Uint32Array.of(4, 2)]], "ids other than endId"],
    ] as const) {
      const make = () => new Search({ ...defaults, required });
      expect(outcome(make)).toBe("option-invalid");
      expect(make).toThrow(message);
    }
    expect(() => new Search({ ...defaults, temperature: 1, required: [[form]] })).toThrow("none if temperature");
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
        expectSimilar(run({ vocabulary: 30 }, model), referenceSearch({ vocabulary: 30 }, model));
      }),
    );
  });

  test("disposing twice does no harm", () => {
    const search = new Search(defaults);
    search[Symbol.dispose]();
    expect(() => search[Symbol.dispose]()).not.toThrow();
  });
});
