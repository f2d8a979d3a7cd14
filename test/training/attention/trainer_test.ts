import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { EdgecapError } from "../../../src/errors.ts";
import { attentionWeights } from "../../../src/training/attention/model.ts";
import { PhotoReader } from "../../../src/training/attention/photo_reader.ts";
import {
  type AttentionSettings,
  attentionDefaults,
  type TrainingStage,
} from "../../../src/training/attention/settings.ts";
import { trainAttention } from "../../../src/training/attention/trainer.ts";
import { ConceptSlots } from "../../../src/training/concepts/concept_slots.ts";
import { KnownConcepts } from "../../../src/training/concepts/known_concepts.ts";
import { buildFeatureCache, FeatureCache } from "../../../src/training/encoder/feature_cache.ts";
import { lastStageShapes } from "../../../src/training/encoder/last_stage.ts";
import { JoinedCaches } from "../../../src/training/encoder/photo_grids.ts";
import { readCheckpoint } from "../../../src/training/run/checkpoint.ts";
import type { EpochRecord } from "../../../src/training/run/epochs.ts";
import { startTensorflow } from "../../../src/training/tensorflow.ts";

const images = Array.from({ length: 12 }, (_, i) => `photo-${i}.jpg`);
const stage: TrainingStage = {
  epochs: 3,
  learningRate: 0.02,
  warmupSteps: 2,
  captionsPerPhoto: 2,
  labelSmoothing: 0.1,
  replacedRegions: 0.3,
  startShare: 0,
  dropoutValues: 0.1,
  dropoutWords: 0.2,
  dropoutMixed: 0.4,
};
const settings: AttentionSettings = {
  ...attentionDefaults,
  units: 8,
  embedding: 6,
  photosPerStep: 4,
  averaging: 0.5,
  stages: [stage],
};

/** Photos of one colour each; the caption names the colour. */
async function colours(folder: string, regions = 2): Promise<FeatureCache> {
  return buildFeatureCache({
    folder,
    encoder: Uint8Array.of(1),
    encode: async (rgb) =>
      Float32Array.from(rgb.flatMap((photo) => Array.from({ length: regions * 3 }, (_, i) => photo[i % 3]! / 64))),
    pixels: async (image) => new Uint8Array(12).fill((Number(image.match(/\d+/)![0]) % 3) * 100),
    images,
    size: 2,
    regions,
    features: 3,
    views: 2,
  });
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-training-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function train(
  folder: string,
  cache: FeatureCache,
  more: {
    resume?: boolean;
    stopAfter?: number;
    settings?: AttentionSettings;
    start?: ReadonlyMap<string, Float32Array>;
  },
) {
  const controller = new AbortController();
  return trainAttention({
    folder,
    photos: new PhotoReader(cache),
    train: images.map((image, i) => ({ image, captions: [Int32Array.of(4 + (i % 3), 7), Int32Array.of(4 + (i % 3))] })),
    devImages: images.slice(0, 3),
    vocabulary: 8,
    settings: more.settings ?? settings,
    resume: more.resume ?? false,
    ...(more.start && { start: more.start }),
    score: (captions) => captions.filter((words, i) => words[0] === 4 + i).length,
    onEpoch: ({ epoch }) => {
      if (epoch === more.stopAfter) controller.abort();
    },
    signal: controller.signal,
  });
}

describe("trainAttention()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  test("learns, and resumed ends where an uninterrupted run ends", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const whole = await train(join(folder, "whole"), cache, {});
      expect(whole.length).toBe(3);
      expect(whole[2]!.loss).toBeLessThan(whole[0]!.loss);
      const broken = train(join(folder, "broken"), cache, { stopAfter: 1 });
      await expect(broken).rejects.toThrow(/aborted/);
      const resumed: EpochRecord[] = await train(join(folder, "broken"), cache, { resume: true });
      expect(resumed.length).toBe(3);
      for (const [epoch, record] of resumed.entries())
        expect(Math.abs(record.loss - whole[epoch]!.loss)).toBeLessThan(1e-4);
    }));

  test("learns a word from captions without photos, and uses it for photos because of their concepts alone", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      // Two nouns; nothing but the concepts tells which of them a photo shows. No photo's caption says word 6.
      const noun = (image: string) => Number(image.match(/\d+/)![0]) % 2;
      const table = { images, first: images.map((_, i) => 2 * i), probabilities: new Float32Array(images.length * 4) };
      for (const [i, image] of images.entries()) {
        for (const view of [0, 1]) table.probabilities[(2 * i + view) * 2 + noun(image)] = 0.9;
      }
      const slots = new ConceptSlots({ nouns: 2, slots: 1, vector: 2 }, Float32Array.of(1, -1, -1, 1));
      const concepts = new KnownConcepts(
        slots,
        [table],
        images.map((image) => ({ image, nouns: new Set([noun(image)]) })),
      );
      const shown = images.filter((image) => noun(image) === 0);
      const hidden = images.filter((image) => noun(image) === 1).slice(0, 3);
      let said: readonly Int32Array[] = [];
      const texts = [0, 1].map((place) => ({ words: Int32Array.of(4, 5 + place), nouns: new Set([place]) }));
      await trainAttention({
        ...{ folder, photos: new PhotoReader(cache, concepts), vocabulary: 8, texts },
        train: shown.map((image) => ({ image, captions: [Int32Array.of(4, 5), Int32Array.of(4, 5)], share: 2.5 })),
        devImages: hidden,
        settings: {
          ...settings,
          stages: [
            { ...stage, epochs: 12, texts: 8, textWeight: 1, dropoutMixed: 0, dropoutWords: 0, dropoutValues: 0 },
          ],
        },
        score: (captions) => {
          said = captions;
          return captions.filter((words) => words[1] === 6).length;
        },
      });
      expect(said.map((words) => [...words])).toEqual(hidden.map(() => [4, 6]));
    }));

  test("stops between two steps when a timer aborts it, as Ctrl-C does", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const controller = new AbortController();
      let steps = 0;
      const running = trainAttention({
        ...{
          folder,
          photos: new PhotoReader(cache),
          devImages: [],
          vocabulary: 8,
          settings: { ...settings, photosPerStep: 1 },
          score: () => 0,
        },
        train: images.map((image) => ({ image, captions: [Int32Array.of(4)] })),
        onStep: (done) => {
          steps = done;
          if (done === 1) setTimeout(() => controller.abort());
        },
        signal: controller.signal,
      });
      await expect(running).rejects.toThrow(/aborted/);
      expect(steps).toBeLessThan(images.length);
      expect(existsSync(join(folder, "last.ckpt"))).toBe(false);
    }));

  test("resumed inside a self-critical stage or at its beginning, ends where an uninterrupted run ends", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const selfCritical = { samples: 3, maxWords: 4, temperature: 0.8, crossEntropyWeight: 0.2, bleuWeight: 0.5 };
      const both: AttentionSettings = {
        ...settings,
        stages: [
          { ...stage, epochs: 1 },
          { ...stage, epochs: 2, captionsPerPhoto: 1, startShare: 0.5, selfCritical },
        ],
      };
      const whole = await train(join(folder, "whole"), cache, { settings: both });
      expect(whole.map(({ reward }) => reward === undefined)).toEqual([true, false, false]);
      for (const stopAfter of [1, 2]) {
        const broken = train(join(folder, `broken-${stopAfter}`), cache, { settings: both, stopAfter });
        await expect(broken).rejects.toThrow(/aborted/);
        const resumed = await train(join(folder, `broken-${stopAfter}`), cache, { settings: both, resume: true });
        for (const [epoch, { loss, reward }] of resumed.entries()) {
          expect(loss).toBeCloseTo(whole[epoch]!.loss, 6);
          expect(reward ?? 0).toBeCloseTo(whole[epoch]!.reward ?? 0, 6);
        }
      }
    }));

  test("learns with the encoder's last stage, from what that was, and resumed ends where an uninterrupted run ends", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"), 4);
      const random = new SeededRandom(2);
      const lastStage = new Map(
        lastStageShapes({ stem: 3, features: 4 }).map(({ name, shape }) => {
          const length = shape.reduce((product, side) => product * side, 1);
          return [name, Float32Array.from({ length }, () => random.normal())];
        }),
      );
      const still = { start: lastStage, settings: { ...settings, lastStageRate: 0 } };
      await train(join(folder, "still"), cache, still);
      const { arrays: first } = await readCheckpoint(join(folder, "still", "last.ckpt"));
      for (const [name, value] of lastStage) {
        for (const [i, number] of first.get(name)!.entries()) expect(number).toBeCloseTo(value[i]!, 6);
      }
      const moving = { start: lastStage, settings: { ...settings, lastStageRate: 0.5 } };
      const whole = await train(join(folder, "whole"), cache, moving);
      const { arrays: last } = await readCheckpoint(join(folder, "whole", "last.ckpt"));
      expect(last.get("res5c_branch2c_kernel")).not.toEqual(lastStage.get("res5c_branch2c_kernel"));
      const broken = train(join(folder, "broken"), cache, { ...moving, stopAfter: 1 });
      await expect(broken).rejects.toThrow(/aborted/);
      const resumed = await train(join(folder, "broken"), cache, { ...moving, resume: true });
      for (const [epoch, { loss }] of resumed.entries()) expect(loss).toBeCloseTo(whole[epoch]!.loss, 6);
    }));

  test("continues from the given weights", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const still = { ...settings, stages: [{ ...stage, epochs: 1, learningRate: 0 }] };
      await train(join(folder, "before"), cache, {});
      const { arrays: start } = await readCheckpoint(join(folder, "before", "last.ckpt"));
      await train(join(folder, "after"), cache, { start, settings: still });
      const { arrays } = await readCheckpoint(join(folder, "after", "last.ckpt"));
      for (const { name } of attentionWeights({ regions: 2, features: 3, units: 8, embedding: 6, vocabulary: 8 })) {
        for (const [i, number] of arrays.get(name)!.entries()) expect(number).toBeCloseTo(start.get(name)![i]!, 6);
      }
    }));

  test("exports the mean of the weights before and after a stage with a share of one half", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const both: AttentionSettings = { ...settings, stages: [stage, { ...stage, startShare: 0.5 }] };
      const before = await train(join(folder, "before"), cache, { settings: { ...settings, stages: [stage] } });
      const after = await train(join(folder, "after"), cache, { settings: both });
      expect(after.slice(0, before.length).map(({ loss }) => loss)).toEqual(before.map(({ loss }) => loss));
      const { arrays: first } = await readCheckpoint(join(folder, "before", "last.ckpt"));
      const { arrays: last } = await readCheckpoint(join(folder, "after", "last.ckpt"));
      const start = first.get("output_kernel")!;
      const end = last.get("output_kernel/average")!;
      expect(last.get("output_kernel/start")).toEqual(start);
      const mean = last.get("output_kernel")!;
      expect(end).not.toEqual(start);
      for (const [i, value] of mean.entries()) expect(value).toBeCloseTo((start[i]! + end[i]!) / 2, 6);
    }));

  test("learns what is rewarded from its own captions alone", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const selfCritical = { samples: 8, maxWords: 4, temperature: 0.8, crossEntropyWeight: 0, bleuWeight: 0.5 };
      const records = await train(folder, cache, {
        settings: { ...settings, stages: [{ ...stage, epochs: 20, captionsPerPhoto: 1, selfCritical }] },
      });
      expect(records.at(-1)!.reward!).toBeGreaterThan(1.5 * records[0]!.reward!);
    }));

  test("refuses a checkpoint that is cut short", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      await writeFile(join(folder, "last.ckpt"), "EDGECAP1");
      try {
        await train(folder, cache, { resume: true });
        expect("no error").toBe("an error");
      } catch (error) {
        expect((error as EdgecapError).code).toBe("checkpoint-invalid");
      }
    }));
});

describe("FeatureCache", () => {
  test("gives back what was computed, within half precision, and is not computed twice", () =>
    inFolder(async (folder) => {
      using first = await colours(folder);
      const grid = new Float32Array(6);
      first.read("photo-2.jpg", 1, grid, 0);
      expect([...grid]).toEqual(new Array(6).fill(3.125));
      using again = await buildFeatureCache({
        folder,
        encoder: Uint8Array.of(1),
        encode: async () => {
          throw new Error("computed again");
        },
        pixels: async () => new Uint8Array(12),
        images,
        size: 2,
        regions: 2,
        features: 3,
        views: 2,
      });
      expect(again.has("photo-3.jpg")).toBe(true);
    }));

  test("holds every grid that an encoder gives of every view, each photo's own first", () =>
    inFolder(async (folder) => {
      using cache = await buildFeatureCache({
        folder,
        encoder: Uint8Array.of(1),
        encode: async (rgb) => Float32Array.from(rgb.flatMap((photo) => [photo[0]!, 100 + photo[0]!])),
        pixels: async () => Uint8Array.of(5, 0, 0, 6, 0, 0, 5, 0, 0, 6, 0, 0),
        images: images.slice(0, 2),
        ...{ size: 2, regions: 1, features: 1, views: 2, gridsOfView: 2 },
      });
      const views = new Float32Array(4);
      for (let view = 0; view < cache.index.views; view++) cache.read("photo-1.jpg", view, views, view);
      expect([...views]).toEqual([5, 105, 6, 106]);
    }));

  test("may be closed by all who own it", () =>
    inFolder(async (folder) => {
      using cache = await colours(folder);
      using joined = new JoinedCaches([{ prefix: "a/", cache }]);
      joined[Symbol.dispose]();
      expect(() => cache.read("photo-1.jpg", 0, new Float32Array(6), 0)).toThrow("closed");
    }));

  test("notices features that have changed on the disk, and reads older caches", () =>
    inFolder(async (folder) => {
      (await colours(folder))[Symbol.dispose]();
      const path = join(folder, "grids.f16");
      const whole = await readFile(path);
      const grid = new Float32Array(6);
      const damaged = Uint8Array.from(whole);
      damaged[13] = damaged[13]! ^ 4;
      await writeFile(path, damaged);
      {
        using cache = FeatureCache.open(folder);
        cache.read(images[0]!, 0, grid, 0);
        expect(() => cache.read(images[0]!, 1, grid, 0)).toThrow(/features of "photo-0.jpg" that were damaged/);
      }
      await writeFile(path, whole);
      const sums = join(folder, "grids.sums");
      const bytes = await readFile(sums);
      await writeFile(sums, bytes.subarray(1));
      expect(() => FeatureCache.open(folder)).toThrow(EdgecapError);
      await rm(sums);
      expect(() => FeatureCache.open(folder)).toThrow(EdgecapError);
      // A cache without check sums, as it was written before.
      const indexPath = join(folder, "index.json");
      const { sums: _, ...index } = JSON.parse(await readFile(indexPath, "utf8"));
      await writeFile(indexPath, JSON.stringify(index));
      using old = await colours(folder);
      old.read("photo-1.jpg", 1, grid, 0);
      expect(old.index.sums).toBe(undefined);
      for (const text of [
        "{",
        "null",
        "[]",
        '{"images":3}',
        JSON.stringify({ ...index, views: -1 }),
        JSON.stringify({ ...index, images: [1] }),
      ]) {
        await writeFile(indexPath, text);
        expect(() => FeatureCache.open(folder)).toThrow(EdgecapError);
      }
      await writeFile(indexPath, JSON.stringify(index));
      await rm(path);
      expect(() => FeatureCache.open(folder)).toThrow(EdgecapError);
    }));

  test("is refused if it was never finished", () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, "grids.f16"), "half");
      expect(() => FeatureCache.open(folder)).toThrow(EdgecapError);
    }));
});

describe("SeededRandom", () => {
  test("continues from a saved state", () => {
    const random = new SeededRandom(9);
    random.nextUint32();
    const copy = new SeededRandom(random.state);
    for (let i = 0; i < 5; i++) expect(copy.nextUint32()).toBe(random.nextUint32());
  });

  test("draws evenly, and normal numbers of deviation 1", () => {
    const random = new SeededRandom(1);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 20000; i++) {
      sum += random.next();
      squares += random.normal() ** 2;
    }
    expect(Math.abs(sum / 20000 - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(squares / 20000 - 1)).toBeLessThan(0.05);
  });
});
