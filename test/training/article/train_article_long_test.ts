import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { generate } from "../../../src/decode/generate.ts";
import { GraphSession } from "../../../src/runtime/graph_session.ts";
import { textModule } from "../../../src/text/text_module.ts";
import { exportArticle } from "../../../src/training/article/export_article.ts";
import { greedyPrefixes, photoFeatures } from "../../../src/training/article/greedy_prefixes.ts";
import {
  type ArticleShape,
  articleWeights,
  firstValues,
  mergedModel,
} from "../../../src/training/article/merged_model.ts";
import type { ArticleTensors } from "../../../src/training/article/prefix_loss.ts";
import { articleDefaults, trainArticle } from "../../../src/training/article/train_article.ts";
import { buildFeatureCache, type FeatureCache } from "../../../src/training/encoder/feature_cache.ts";
import type { EpochRecord } from "../../../src/training/run/epochs.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";

const images = Array.from({ length: 9 }, (_, i) => `photo-${i}`);
const shape: ArticleShape = { features: 6, longest: 5, embedding: 3, vocabulary: 8, mixed: 6 };
const settings = { ...articleDefaults, epochs: 3, photosPerStep: 2, learningRate: 0.02, mixed: 6 };
const random = new SeededRandom(2);
const embedding = Float32Array.from({ length: 24 }, (_, i) => (i < 3 ? 0 : random.normal()));

function colours(folder: string): Promise<FeatureCache> {
  return buildFeatureCache({
    folder,
    encoder: Uint8Array.of(1),
    encode: async (rgb) =>
      Float32Array.from(rgb.flatMap((photo) => Array.from({ length: 6 }, (_, i) => photo[i]! / 64))),
    pixels: async (image) => Uint8Array.from({ length: 12 }, (_, i) => (i % 3 === Number(image.at(-1)) % 3 ? 200 : 20)),
    images,
    size: 2,
    regions: 2,
    features: 3,
    views: 1,
  });
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-article-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function train(
  folder: string,
  cache: FeatureCache,
  more: { resume?: boolean; stopAfterStep?: number; epochs?: number; patience?: number },
) {
  const controller = new AbortController();
  let steps = 0;
  return trainArticle({
    folder,
    cache,
    train: images.map((image, i) => ({
      image,
      sequences: [Int32Array.of(1, 4 + (i % 3), 7, 2), Int32Array.of(1, 7, 2)],
    })),
    devImages: images.slice(0, 3),
    shape,
    embedding,
    settings: { ...settings, epochs: more.epochs ?? settings.epochs },
    resume: more.resume ?? false,
    checkpointSteps: 1,
    ...(more.patience !== undefined && { patience: more.patience }),
    score: (captions) => captions.filter((words, i) => words[0] === 4 + i).length,
    onStep: () => {
      if (++steps === more.stopAfterStep) controller.abort();
    },
    signal: controller.signal,
  });
}

describe("trainArticle()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  test("learns, and cut off inside an epoch and resumed it ends where an uninterrupted run ends", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const before = tf.memory().numTensors;
      const whole = await train(join(folder, "whole"), cache, {});
      expect(tf.memory().numTensors).toBe(before);
      expect(whole.length).toBe(3);
      expect(whole[2]!.loss).toBeLessThan(whole[0]!.loss);
      // Four steps an epoch: the sixth is the second epoch's second.
      await expect(train(join(folder, "broken"), cache, { stopAfterStep: 6 })).rejects.toThrow(/aborted/);
      const resumed: EpochRecord[] = await train(join(folder, "broken"), cache, { resume: true });
      expect(resumed.length).toBe(3);
      for (const [epoch, record] of resumed.entries()) {
        expect(Math.abs(record.loss - whole[epoch]!.loss)).toBeLessThan(1e-6);
      }
      expect(existsSync(join(folder, "broken", "best.ckpt"))).toBe(true);
    }));

  test("continues for more epochs than first requested", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const whole = await train(join(folder, "whole"), cache, {});
      await train(join(folder, "longer"), cache, { epochs: 2 });
      const longer = await train(join(folder, "longer"), cache, { resume: true });
      expect(longer.map(({ loss }) => loss)).toEqual(whole.map(({ loss }) => loss));
    }));

  test("stops when the dev score no longer rises", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const records = await train(folder, cache, { epochs: 60, patience: 2 });
      const scores = records.map(({ score }) => score);
      expect(records.length).toBeLessThan(60);
      expect(scores.indexOf(Math.max(...scores))).toBe(scores.length - 3);
    }));
});

describe("exportArticle()", () => {
  test("gives graphs that agree with the merged model, and captions as the trainer does", () =>
    inFolder(async (folder) => {
      await startTensorflow("cpu");
      await textModule();
      using cache = await colours(folder);
      const draw = new SeededRandom(8);
      const arrays = new Map(articleWeights(shape).map((weight) => [weight.name, firstValues(weight, draw)]));
      const graphs = exportArticle(
        shape,
        { regions: 2, features: 3 },
        new Map([...arrays, ["embedding", embedding]]),
        "fp32",
      );
      await using init = await GraphSession.create("decoder_init", graphs.init);
      await using step = await GraphSession.create("decoder_step", graphs.step);
      const model = mergedModel(shape, arrays, embedding);
      const prefixes = Int32Array.of(0, 0, 0, 1, 4, 1, 5, 6, 7, 7);
      const features = photoFeatures(cache, ["photo-1"]);
      const expected = model.predict([tf.tile(features, [2, 1]), tf.tensor2d(prefixes, [2, 5], "int32")]) as tf.Tensor;
      const grid = { data: features.dataSync() as Float32Array, shape: [1, 2, 3] };
      const { image } = await init.run({ grid });
      const { logits } = await step.run({ prefix: { data: prefixes, shape: [2, 5] }, image: image! });
      const got = tf.softmax(tf.tensor2d(logits!.data as Float32Array, [2, 8])).dataSync();
      for (const [i, value] of expected.dataSync().entries()) expect(got[i]!).toBeCloseTo(value, 5);

      const weights: ArticleTensors = {
        ...Object.fromEntries(
          articleWeights(shape).map(({ name, shape: s }) => [name, tf.tensor(arrays.get(name)!, [...s])]),
        ),
        embedding: tf.tensor2d(embedding, [8, 3]),
      };
      const [greedy] = greedyPrefixes(weights, shape, cache, ["photo-1"]);
      const decoder = { init, step, prefix: shape.longest };
      const {
        captions: [best],
      } = await generate(decoder, grid, { vocabulary: 8, beams: 1, maxWords: 4, count: 1 });
      expect([...best!.tokens]).toEqual([...greedy!]);
      const { captions: beams } = await generate(decoder, grid, { vocabulary: 8, beams: 8, maxWords: 9, count: 8 });
      expect(beams.length).toBeGreaterThan(1);
      if (best!.finished) expect(beams[0]!.logProbability).toBeGreaterThanOrEqual(best!.logProbability - 1e-5);
    }));
});
