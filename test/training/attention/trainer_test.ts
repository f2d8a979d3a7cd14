import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { EdgecapError } from "../../../src/errors.ts";
import { attentionWeights } from "../../../src/training/attention/model.ts";
import { PhotoReader } from "../../../src/training/attention/photo_reader.ts";
import type { AttentionSettings } from "../../../src/training/attention/settings.ts";
import { trainAttention } from "../../../src/training/attention/trainer.ts";
import { buildFeatureCache, FeatureCache } from "../../../src/training/encoder/feature_cache.ts";
import { JoinedCaches } from "../../../src/training/encoder/photo_grids.ts";
import { readCheckpoint } from "../../../src/training/run/checkpoint.ts";
import type { EpochRecord } from "../../../src/training/run/epochs.ts";
import { startTensorflow } from "../../../src/training/tensorflow.ts";

import { colours, images, inFolder, settings, stage, train } from "./colours.ts";

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
  test("gives back the computed features, within half precision, and does not compute them twice", () =>
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
