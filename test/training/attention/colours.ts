import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PhotoReader } from "../../../src/training/attention/photo_reader.ts";
import {
  type AttentionSettings,
  attentionDefaults,
  type TrainingStage,
} from "../../../src/training/attention/settings.ts";
import { trainAttention } from "../../../src/training/attention/trainer.ts";
import { buildFeatureCache, type FeatureCache } from "../../../src/training/encoder/feature_cache.ts";

/** Names of the photos. */
export const images = Array.from({ length: 12 }, (_, i) => `photo-${i}.jpg`);
/** A short stage. */
export const stage: TrainingStage = {
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
/** A small decoder. */
export const settings: AttentionSettings = {
  ...attentionDefaults,
  units: 8,
  embedding: 6,
  photosPerStep: 4,
  averaging: 0.5,
  stages: [stage],
};

/** Photos of one colour each; the caption names the colour. */
export async function colours(folder: string, regions = 2): Promise<FeatureCache> {
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

/** Does some work in a temporary folder, which is removed afterwards. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-training-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Trains on the colours, until `stopAfter` epochs if that is given. */
export function train(
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
