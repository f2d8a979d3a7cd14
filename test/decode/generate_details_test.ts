/** What generate() says beside its captions, when it says a word, and how often it searches. */
import { beforeAll, describe, expect, test } from "bun:test";
import { generate } from "../../src/decode/generate.ts";
import type { GeneratedCaption } from "../../src/decode/search_captions.ts";
import { isKept } from "../../src/decode/shared_steps.ts";
import { Datastore } from "../../src/retrieval/datastore.ts";
import { GraphSession, type GraphTensor } from "../../src/runtime/graph_session.ts";
import { textModule } from "../../src/text/text_module.ts";
import { Vocabulary } from "../../src/text/vocabulary.ts";
import { CountedConcepts } from "../fixtures/counted_concepts.ts";
import { datastoreFile } from "../fixtures/small_datastore.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";

const grid = { data: Float32Array.from({ length: 49 * 4 }, (_, i) => Math.sin(i)), shape: [1, 49, 4] };
const settings = { vocabulary: 12, beams: 4, maxWords: 6, minWords: 1, lengthPenalty: 1, count: 3 };

describe("generate()", () => {
  let decoder: { init: GraphSession; step: GraphSession };
  let vocabulary: Vocabulary;

  beforeAll(async () => {
    await textModule();
    const { files } = tinyBundle();
    vocabulary = Vocabulary.parse(new TextDecoder().decode(files.vocabulary));
    decoder = {
      init: await GraphSession.create("decoder_init", files.decoderInit),
      step: await GraphSession.create("decoder_step", files.decoderStep),
    };
  });

  /** The decoder, which is sure of the first of some nouns. */
  function sureOf(nouns: number) {
    const probabilities = Float32Array.from({ length: nouns }, (_, at) => (at === 0 ? 0.9 : 0.01));
    const concepts = { data: probabilities, shape: [1, nouns] };
    const run = async (inputs: Parameters<GraphSession["run"]>[0]) => ({
      ...(await decoder.init.run(inputs)),
      concepts,
    });
    return { init: { run }, step: decoder.step };
  }

  /** Rules for nouns that are the words with these ids. */
  const asking = (ids: readonly number[], reward: number, rewardOfOnly?: number) => {
    const nouns = ids.map((id) => vocabulary.decode(Uint32Array.of(id))[0]!).map((name) => ({ name, forms: [name] }));
    return new CountedConcepts(nouns, vocabulary, { least: 0.8, most: 2, reward, rewardOfOnly });
  };

  /** A limit that only some captions are within. */
  const limited = (fits: (caption: GeneratedCaption) => boolean, maxCharacters = 2) => ({
    fits,
    room: () => ({ maxCharacters, characters: new Uint32Array(12).fill(1) }),
  });

  test("says how far the best caption is ahead of the next that was found, whether that is within the limit or not", async () => {
    const { captions: free } = await generate(decoder, grid, { ...settings, count: 4 });
    const [best, next, third] = free as [GeneratedCaption, GeneratedCaption, GeneratedCaption];
    const isOne =
      (...some: GeneratedCaption[]) =>
      ({ tokens }: GeneratedCaption) =>
        some.some((one) => one.tokens.join() === tokens.join());
    const first = await generate(decoder, grid, settings, undefined, undefined, limited(isOne(best, third)));
    expect(first.captions.map(({ tokens }) => tokens)).toEqual([best.tokens, third.tokens]);
    expect(first.margin).toBeCloseTo(best.score - next.score, 9);
    const second = await generate(decoder, grid, settings, undefined, undefined, limited(isOne(next, third)));
    expect(second.captions[0]!.tokens).toEqual(next.tokens);
    expect(second.margin).toBeCloseTo(next.score - third.score, 9);
    const only = await generate(decoder, grid, settings, undefined, undefined, limited(isOne(next)));
    expect([only.captions.length, only.margin]).toEqual([1, undefined]);
  });

  test("says nothing of a distance between captions that are drawn at random", async () => {
    const drawn = await generate(decoder, grid, { ...settings, temperature: 1, seed: 3 });
    expect([drawn.captions.length > 1, drawn.margin]).toEqual([true, undefined]);
  });

  test("says how much the best caption agrees with those of the neighbours", async () => {
    const photos = [
      {
        vector: [3, 1, -2, 0, 1, 2, -1, 4],
        captions: [
          [5, 7],
          [5, 8, 9],
        ],
      },
      { vector: [1, 1, 1, 1, 1, 1, 1, 1], captions: [[6], [4, 5]] },
    ];
    using datastore = new Datastore(datastoreFile(photos), "here", 12);
    const mean = (await decoder.init.run({ grid }))["mean"]!.data as Float32Array;
    for (const options of [settings, { ...settings, beams: 1, count: 1 }]) {
      const { captions, agreement } = await generate(decoder, grid, options, { datastore, count: 2, weight: 0.1 });
      const [expected] = datastore.consensus([captions[0]!.tokens], datastore.nearest(mean, 2), 2);
      expect(agreement).toBe(expected!);
      expect(agreement).toBeGreaterThan(0);
    }
  });

  test("searches once if the best caption names what is sure, or the decoder knows no concepts", async () => {
    const { captions: plain } = await generate(decoder, grid, settings);
    const said = plain[0]!.tokens[0]!;
    const told: unknown[] = [];
    const onWord = (word: { token: number }) => told.push(word.token);
    const rule = asking([said], 100, 100);
    const found = await generate(sureOf(1), grid, { ...settings, onWord }, undefined, rule);
    expect(found.captions).toEqual(plain);
    expect([rule.searches, told]).toEqual([1, [...plain[0]!.tokens]]);
    const unknowing = await generate(decoder, grid, settings, undefined, asking([said], 100));
    expect(unknowing.captions).toEqual(plain);
    expect(unknowing.concepts).toBeUndefined();
  });

  test("gives the caption that is too long where a sure noun has no room either", async () => {
    const { captions: plain } = await generate(decoder, grid, settings);
    const other = [5, 6, 10].find((id) => !plain[0]!.tokens.includes(id))!;
    const none = limited(() => false, 0);
    const usual = await generate(sureOf(1), grid, { ...settings, count: 1 }, undefined, asking([other], 0), none);
    expect(usual.captions.map(({ tokens }) => tokens)).toEqual([plain[0]!.tokens]);
  });

  test("tells words while the last search runs, whichever that is", async () => {
    // The first two words of every caption are these; only then may others follow.
    const [first, second, third, noun, end] = [4, 7, 9, 5, 2];
    const after: Readonly<Record<number, readonly [word: number, others: number]>> = {
      1: [first, -20],
      [first]: [second, -20],
      [second]: [third, 0],
      [third]: [end, 0],
    };
    for (const [asked, searches] of [
      [asking([noun], 100), 2],
      [asking([noun], 0, 100), 3],
    ] as const) {
      let steps = 0;
      const state = (rows: number) => ({ data: new Float32Array(rows), shape: [1, rows, 1] });
      const concepts = { data: Float32Array.of(0.9), shape: [1, 1] };
      const peaked = {
        init: { run: async () => ({ keys: state(1), values: state(1), hidden: state(1), cell: state(1), concepts }) },
        step: {
          run: async (inputs: Parameters<GraphSession["run"]>[0]) => {
            const tokens = [...(inputs["tokens"] as GraphTensor).data];
            steps++;
            const logits = tokens.flatMap((token) => {
              const [word, others] = after[token] ?? [end, 0];
              return Array.from({ length: 12 }, (_, id) => (id === word ? 10 : others));
            });
            const states = { next_hidden: state(tokens.length), next_cell: state(tokens.length) };
            return { ...states, logits: { data: Float32Array.from(logits), shape: [1, tokens.length, 12] } };
          },
        },
      };
      const told: (readonly [token: number, searches: number, steps: number])[] = [];
      const onWord = ({ token }: { token: number }) => told.push([token, asked.searches, steps]);
      const { captions } = await generate(peaked, grid, { ...settings, onWord }, undefined, asked);
      expect(asked.searches).toBe(searches);
      expect(told.map(([token]) => token)).toEqual([...captions[0]!.tokens]);
      expect(captions[0]!.tokens.includes(noun)).toBe(true);
      expect(new Set(told.map(([, search]) => search))).toEqual(new Set([searches]));
      expect(told[0]![2]).toBeLessThan(steps);
    }
  });

  test("keeps what the second search found if the third finds nothing among few characters", async () => {
    const { captions: plain } = await generate(decoder, grid, settings);
    const other = [5, 6, 10].find((id) => !plain[0]!.tokens.includes(id))!;
    const within = limited(({ tokens }) => tokens.length <= 2);
    const options = { ...settings, minWords: 0, count: 1 };
    const asked = asking([other], 0, 100);
    // A decoder that ends no caption, so that none fits.
    asked.helper = (step) => async (tokens, parents) => {
      const { logits, ...rest } = await step(tokens, parents);
      return { ...rest, logits: logits.map((logit, at) => (at % 12 === 2 ? -100 : logit)) };
    };
    const { captions } = await generate(sureOf(1), grid, options, undefined, asked, within);
    // The first one, and two more in each round: without the limit, and within it.
    expect(asked.searches).toBe(5);
    expect(captions[0]!.tokens.length).toBeLessThanOrEqual(2);
  });
});

test("isKept() is true of usual searches, and false of those that would take much memory", () => {
  for (const kept of [
    { vocabulary: 5000 },
    { vocabulary: 5000, beams: 10 },
    { vocabulary: 12_000, beams: 16, maxWords: 21 },
  ])
    expect(isKept(kept)).toBe(true);
  for (const dropped of [
    { vocabulary: 5, beams: 17 },
    { vocabulary: 5000, beams: 16, maxWords: 53 },
    { vocabulary: 5000, beams: 2, maxWords: 1000 },
    { vocabulary: 1_048_576 },
  ])
    expect(isKept(dropped)).toBe(false);
});
