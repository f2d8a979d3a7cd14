import { beforeAll, describe, expect, test } from "bun:test";
import { generate as generateWhole } from "../../src/decode/generate.ts";
import type { DecidedWord, GenerateOptions } from "../../src/decode/search_captions.ts";
import { Datastore } from "../../src/retrieval/datastore.ts";
import { GraphSession, type GraphTensor } from "../../src/runtime/graph_session.ts";
import { textModule } from "../../src/text/text_module.ts";
import { Vocabulary } from "../../src/text/vocabulary.ts";
import { CountedConcepts } from "../fixtures/counted_concepts.ts";
import { datastoreFile } from "../fixtures/small_datastore.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";

async function generate(...parameters: Parameters<typeof generateWhole>) {
  return (await generateWhole(...parameters)).captions;
}

const grid = {
  data: Float32Array.from({ length: 49 * 4 }, (_, i) => Math.sin(i)),
  shape: [1, 49, 4],
};

describe("generate()", () => {
  let decoder: { init: GraphSession; step: GraphSession };

  beforeAll(async () => {
    await textModule();
    const { files } = tinyBundle();
    decoder = {
      init: await GraphSession.create("decoder_init", files.decoderInit),
      step: await GraphSession.create("decoder_step", files.decoderStep),
    };
  });

  test("finds with all beams the best of all captions", async () => {
    const [best] = await generate(decoder, grid, { vocabulary: 12, beams: 64, maxWords: 2, count: 1 });
    let top = Number.NEGATIVE_INFINITY;
    for (let word = 4; word < 12; word++) top = Math.max(top, await logProbabilityOf([word]));
    const finished = await generate(decoder, grid, { vocabulary: 12, beams: 64, maxWords: 3, minWords: 1, count: 64 });
    const single = finished.filter((hypothesis) => hypothesis.tokens.length === 1 && hypothesis.finished);
    expect(Math.max(...single.map((hypothesis) => hypothesis.logProbability))).toBeCloseTo(top, 3);
    expect(best!.tokens.length).toBeLessThan(3);
  });

  test("is never less probable with more beams than greedy, without a length penalty", async () => {
    const options = { vocabulary: 12, maxWords: 6, count: 1 };
    const [greedy] = await generate(decoder, grid, { ...options, beams: 1 });
    const [beam] = await generate(decoder, grid, { ...options, beams: 64 });
    if (greedy!.finished) expect(beam!.logProbability).toBeGreaterThanOrEqual(greedy!.logProbability - 1e-5);
    expect(greedy!.tokens.length).toBeGreaterThan(0);
  });

  test("runs the step once per word for all beams, and only copies the state of beams that change places", async () => {
    for (const beams of [1, 4]) {
      let runs = 0;
      let previous: Float32Array | undefined;
      let moved = 0;
      const step = {
        run: async (inputs: Parameters<GraphSession["run"]>[0]) => {
          const { tokens, hidden } = inputs as Readonly<Record<string, GraphTensor>>;
          expect(hidden!.shape[1]).toBe(tokens!.shape[1]!);
          expect(tokens!.shape[1]).toBeLessThanOrEqual(beams);
          if (previous !== undefined && hidden!.data !== previous) moved++;
          runs++;
          const outputs = await decoder.step.run(inputs);
          previous = outputs["next_hidden"]!.data as Float32Array;
          return outputs;
        },
      };
      await generate({ ...decoder, step }, grid, { vocabulary: 12, beams, maxWords: 6, minWords: 6, count: 1 });
      expect(runs).toBe(6);
      if (beams === 1) expect(moved).toBe(0);
    }
  });

  test("draws the same words from the same seed", async () => {
    const options = { vocabulary: 12, beams: 3, maxWords: 6, temperature: 1, count: 3 };
    const first = await generate(decoder, grid, { ...options, seed: 5 });
    const second = await generate(decoder, grid, { ...options, seed: 5 });
    expect(second.map(({ tokens }) => [...tokens])).toEqual(first.map(({ tokens }) => [...tokens]));
  });

  test("gives each word the attention of the words before it, whichever beams they came through", async () => {
    for (const options of [{ beams: 1 }, { beams: 5 }, { beams: 64 }, { beams: 4, temperature: 2, seed: 9 }]) {
      const count = options.beams;
      const found = await generate(decoder, grid, { vocabulary: 12, maxWords: 5, count, attention: true, ...options });
      for (const { tokens, attention } of found) {
        expect(attention!.length).toBe(tokens.length);
        for (const [word, map] of attention!.entries()) {
          expect(map.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
          const expected = await attentionAfter([...tokens.slice(0, word)]);
          for (const [region, share] of map.entries()) expect(share).toBeCloseTo(expected[region]!, 5);
        }
      }
    }
  });

  test("says by how much the best caption won, and how similar the photo's neighbours are, for any count", async () => {
    const options = { vocabulary: 12, beams: 4, maxWords: 5, lengthPenalty: 0.5 };
    const photo = {
      vector: [3, 1, -2, 0, 1, 2, -1, 4],
      captions: [
        [5, 7],
        [5, 8, 9],
      ],
    };
    using datastore = new Datastore(
      datastoreFile([photo, { vector: [1, 1, 1, 1, 1, 1, 1, 1], captions: [[6]] }]),
      "here",
      12,
    );
    for (const neighbours of [undefined, { datastore, count: 1, weight: 0.7 }]) {
      const { captions, margin } = await generateWhole(decoder, grid, { ...options, count: 4 }, neighbours);
      const alone = await generateWhole(decoder, grid, { ...options, count: 1 }, neighbours);
      expect(alone.captions).toHaveLength(1);
      expect([...alone.captions[0]!.tokens]).toEqual([...captions[0]!.tokens]);
      expect(margin).toBeCloseTo(captions[0]!.score - captions[1]!.score, 9);
      expect(alone.margin).toBeCloseTo(margin!, 9);
      if (neighbours === undefined) expect(alone.likeness).toBe(undefined);
      else expect(Math.abs(alone.likeness!)).toBeLessThanOrEqual(1 + 1e-6);
    }
    for (const drawn of [{ beams: 1 }, { temperature: 1 }]) {
      const found = await generateWhole(decoder, grid, { ...options, ...drawn, count: 1 });
      expect(found.margin).toBe(undefined);
    }
  });

  test("gives no attention unless asked for", async () => {
    const [best] = await generate(decoder, grid, { vocabulary: 12, beams: 2, count: 1 });
    expect(best!.attention).toBe(undefined);
  });

  test("refuses attention if the decoder has none", async () => {
    const step = {
      run: async (inputs: Parameters<GraphSession["run"]>[0]) => {
        const { attention: _, ...others } = await decoder.step.run(inputs);
        return others;
      },
    };
    const work = generate({ ...decoder, step }, grid, { vocabulary: 12, count: 1, attention: true });
    await expect(work).rejects.toThrow("has no attention maps");
  });

  test("streams each word of the best caption once it is decided", async () => {
    const grids = [1, 2, 3, 4].map((salt) => ({
      ...grid,
      data: grid.data.map((value, i) => value * Math.cos(salt * i)),
    }));
    const settings = [
      { beams: 1 },
      { beams: 3, lengthPenalty: 0.7 },
      { beams: 8 },
      { beams: 3, temperature: 2, seed: 3 },
    ];
    for (const grid of grids) {
      for (const setting of settings) {
        const reported: DecidedWord[] = [];
        const options = { vocabulary: 12, maxWords: 6, minWords: 1, count: 1, attention: true, ...setting };
        const [best] = await generate(decoder, grid, { ...options, onWord: (word) => reported.push(word) });
        expect(reported.map(({ token }) => token)).toEqual([...best!.tokens]);
        expect(reported.map(({ logProbability }) => logProbability)).toEqual([...best!.wordLogProbabilities]);
        expect(reported.map(({ attention }) => attention)).toEqual([...best!.attention!]);
      }
    }
  });

  test("streams a word with the step that decides it, if nothing competes", async () => {
    for (const setting of [{}, { temperature: 1, seed: 8 }]) {
      let steps = 0;
      const toldAt: number[] = [];
      const step = {
        run: (inputs: Parameters<GraphSession["run"]>[0]) => {
          steps++;
          return decoder.step.run(inputs);
        },
      };
      const options: GenerateOptions = { vocabulary: 12, maxWords: 6, minWords: 3, count: 1, ...setting };
      await generate({ ...decoder, step }, grid, { ...options, onWord: () => toldAt.push(steps) });
      expect(toldAt.length).toBeGreaterThan(2);
      expect(toldAt).toEqual(toldAt.map((_, word) => word + 1));
    }
  });

  test("lets a beam win that agrees with the neighbours' captions, and streams that one", async () => {
    const options = { vocabulary: 12, beams: 40, maxWords: 6, minWords: 1, lengthPenalty: 1 };
    const alone = await generate(decoder, grid, { ...options, count: 40 });
    const ended = alone.filter(({ finished }) => finished);
    expect(ended.length).toBeGreaterThan(2);
    for (const wanted of ended) {
      const vector = Array.from({ length: 8 }, () => 1);
      const photos = [
        { vector, captions: [[...wanted.tokens]] },
        { vector: vector.map((value) => -value), captions: [] },
      ];
      using datastore = new Datastore(datastoreFile(photos), "here", 12);
      const neighbours = { datastore, count: 1, weight: 100 };
      const reported: number[] = [];
      const onWord = ({ token }: DecidedWord) => reported.push(token);
      const found = await generate(decoder, grid, { ...options, count: 3, onWord }, neighbours);
      expect([...found[0]!.tokens]).toEqual([...wanted.tokens]);
      expect(found[0]!.logProbability).toBe(wanted.logProbability);
      // A caption of one word has n-grams of two lengths only, which is half of full agreement.
      expect(found[0]!.score).toBeGreaterThan(wanted.score + 49);
      expect(reported).toEqual([...wanted.tokens]);
      expect(found).toHaveLength(3);
      expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    }
  });

  test("does not use neighbours for greedy captions or for ones drawn at random", async () => {
    using datastore = new Datastore(datastoreFile([{ vector: Array(8).fill(1), captions: [[4]] }]), "here", 12);
    for (const setting of [{ beams: 1 }, { beams: 3, temperature: 1, seed: 4 }]) {
      const options = { vocabulary: 12, maxWords: 5, count: setting.beams, ...setting };
      const plain = await generate(decoder, grid, options);
      expect(await generate(decoder, grid, options, { datastore, count: 1, weight: 100 })).toEqual(plain);
    }
  });

  describe("with concepts", () => {
    // Nouns among the tiny bundle's words.
    const nouns = [
      { name: "dog", forms: ["dog"] },
      { name: "man", forms: ["man"] },
      { name: "person", forms: ["person", "man"] },
      { name: "grass", forms: ["grass"] },
    ];
    const settings = { vocabulary: 12, beams: 4, maxWords: 6, minWords: 1, lengthPenalty: 1, count: 3 };
    const says = (tokens: Uint32Array, word: number) => tokens.includes(word);
    let vocabulary: Vocabulary;

    beforeAll(() => {
      vocabulary = Vocabulary.parse(new TextDecoder().decode(tinyBundle().files.vocabulary));
    });

    /** The decoder, which also says how likely each noun is, and counts the rows that it computes. */
    function knowing(...probabilities: number[]) {
      const runs = { init: 0, rows: 0 };
      const init = {
        run: async (inputs: Parameters<GraphSession["run"]>[0]) => {
          runs.init++;
          const concepts = { data: Float32Array.from(probabilities), shape: [1, probabilities.length] };
          return { ...(await decoder.init.run(inputs)), concepts };
        },
      };
      const step = {
        run: (inputs: Parameters<GraphSession["run"]>[0]) => {
          runs.rows += (inputs["tokens"] as GraphTensor).shape[1]!;
          return decoder.step.run(inputs);
        },
      };
      return { decoder: { init, step }, runs };
    }

    const asking = (reward: number, rewardOfOnly?: number) =>
      new CountedConcepts(nouns, vocabulary, { least: 0.8, most: 2, reward, rewardOfOnly });

    test("names what is sure and missing, and streams the words of that caption", async () => {
      const plain = await generate(decoder, grid, settings);
      for (const [noun, word] of [
        [0, 5],
        [1, 6],
        [3, 10],
      ] as const) {
        const { decoder: known, runs } = knowing(...nouns.map((_, place) => (place === noun ? 0.9 : 0.1)));
        const reported: number[] = [];
        const onWord = ({ token }: DecidedWord) => reported.push(token);
        const rule = asking(100);
        const found = await generate(known, grid, { ...settings, onWord }, undefined, rule);
        expect(says(found[0]!.tokens, word)).toBe(true);
        expect(reported).toEqual([...found[0]!.tokens]);
        const wasThere = says(plain[0]!.tokens, word);
        expect(runs.init).toBe(1);
        expect(rule.searches).toBe(wasThere ? 1 : 2);
        if (wasThere) expect(found).toEqual(plain);
      }
    });

    test("does not force a concept whose reward is too small", async () => {
      const plain = await generate(decoder, grid, settings);
      const { decoder: known } = knowing(0.9, 0.9, 0.9, 0.9);
      const rule = asking(0);
      const found = await generate(known, grid, settings, undefined, rule);
      expect(rule.searches).toBe(2);
      expect(found[0]!.tokens).toEqual(plain[0]!.tokens);
      expect(found[0]!.score).toBe(plain[0]!.score);
    });

    test("finds a place for the surest only if a search at the usual reward names nothing sure", async () => {
      const plain = await generate(decoder, grid, settings);
      for (const [noun, word] of [
        [0, 5],
        [3, 10],
      ] as const) {
        const probabilities = nouns.map((_, place) => (place === noun ? 0.9 : 0.1));
        const wasThere = says(plain[0]!.tokens, word);
        for (const [reward, searches] of [
          [100, 2],
          [0, 3],
        ] as const) {
          const { decoder: known } = knowing(...probabilities);
          const rule = asking(reward, 100);
          const told: number[] = [];
          const onWord = ({ token }: DecidedWord) => told.push(token);
          const found = await generate(known, grid, { ...settings, onWord }, undefined, rule);
          expect(says(found[0]!.tokens, word)).toBe(true);
          expect(told).toEqual([...found[0]!.tokens]);
          expect(rule.searches).toBe(wasThere ? 1 : searches);
        }
      }
    });

    test("makes one search if nothing is sure, for a greedy caption, and for ones drawn at random", async () => {
      for (const [setting, probabilities] of [
        [{}, [0.7, 0.7, 0.7, 0.7]],
        [{ beams: 1, count: 1 }, [1, 1, 1, 1]],
        [{ temperature: 1, seed: 4 }, [1, 1, 1, 1]],
      ] as const) {
        const plain = await generate(decoder, grid, { ...settings, ...setting });
        const { decoder: known } = knowing(...probabilities);
        const rule = asking(100);
        expect(await generate(known, grid, { ...settings, ...setting }, undefined, rule)).toEqual(plain);
        expect(rule.searches).toBe(1);
      }
    });

    test("computes no words twice for later searches, unless there are too many beams to keep them", async () => {
      const rowsOf = async (beams: number, reward: number, rewardOfOnly?: number) => {
        const { decoder: known, runs } = knowing(0.1, 0.1, 0.1, 0.9);
        const rule = asking(reward, rewardOfOnly);
        await generate(known, grid, { ...settings, beams }, undefined, rule);
        return { searches: rule.searches, rows: runs.rows };
      };
      const { decoder: unsure, runs } = knowing(0.1, 0.1, 0.1, 0.1);
      await generate(unsure, grid, settings, undefined, asking(0));
      const second = await rowsOf(4, 0);
      expect(second.searches).toBe(2);
      // The second search has the beams of the first one and as many that name the noun.
      expect(second.rows).toBeLessThan(runs.rows * 2);
      const third = await rowsOf(4, 0, 100);
      expect(third.searches).toBe(3);
      expect(third.rows).toBeLessThan(second.rows * 1.3);
      const [kept, many] = [await rowsOf(16, 0), await rowsOf(17, 0)];
      expect(many.rows).toBeGreaterThan(kept.rows * 1.4);
    });

    test("gives each word its attention, and uses neighbours, in the second search too", async () => {
      const { decoder: known } = knowing(1, 1, 1, 1);
      const vector = Array.from({ length: 8 }, () => 1);
      using datastore = new Datastore(datastoreFile([{ vector, captions: [[4, 5, 6]] }]), "here", 12);
      const neighbours = { datastore, count: 1, weight: 1 };
      const found = await generate(known, grid, { ...settings, attention: true }, neighbours, asking(100));
      expect(found).toHaveLength(3);
      for (const { tokens, attention } of found) {
        expect(attention!.length).toBe(tokens.length);
        for (const [word, map] of attention!.entries()) {
          const expected = await attentionAfter([...tokens.slice(0, word)]);
          for (const [region, share] of map.entries()) expect(share).toBeCloseTo(expected[region]!, 5);
        }
      }
    });
  });

  test("stops when its signal is aborted", async () => {
    const work = generate(decoder, grid, { vocabulary: 12, count: 1, signal: AbortSignal.abort() });
    await expect(work).rejects.toHaveProperty("name", "AbortError");
  });

  /** The attention of the step after some words, which are fed one by one. */
  async function attentionAfter(words: readonly number[]): Promise<Float32Array> {
    const { keys, values, hidden, cell } = await decoder.init.run({ grid });
    let state = { hidden: hidden!, cell: cell! };
    let attention = new Float32Array();
    for (const word of [1, ...words]) {
      const tokens = { data: Int32Array.of(word), shape: [1, 1] };
      const output = await decoder.step.run({ tokens, keys: keys!, values: values!, ...state });
      attention = output["attention"]!.data as Float32Array<ArrayBuffer>;
      state = { hidden: output["next_hidden"]!, cell: output["next_cell"]! };
    }
    return attention;
  }

  /** Log-probability of a whole caption with its end, which is fed word by word. */
  async function logProbabilityOf(words: readonly number[]): Promise<number> {
    const { keys, values, hidden, cell } = await decoder.init.run({ grid });
    let state = { hidden: hidden!, cell: cell! };
    let sum = 0;
    let previous = 1;
    for (const word of [...words, 2]) {
      const tokens = { data: Int32Array.of(previous), shape: [1, 1] };
      const output = await decoder.step.run({ tokens, keys: keys!, values: values!, ...state });
      const logits = output["logits"]!.data as Float32Array;
      const total = Math.log(logits.reduce((all, logit) => all + Math.exp(logit), 0));
      sum += logits[word]! - total;
      state = { hidden: output["next_hidden"]!, cell: output["next_cell"]! };
      previous = word;
    }
    return sum;
  }
});
