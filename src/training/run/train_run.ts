import { textModule } from "../../text/text_module.ts";
import { readEncoder } from "../encoder/encoder_graph.ts";
import type { FeatureCache } from "../encoder/feature_cache.ts";
import { gridsBeforeLastStage, isOfLastStage } from "../encoder/last_stage.ts";
import { type PhotoFeaturesOptions, photoFeatures } from "../encoder/photo_features.ts";
import { checkPhotos } from "../encoder/photo_pixels.ts";
import { assertWordVectors, vectorsPackage } from "../words/word_vectors.ts";
import type { DevPhoto } from "./choose_generation.ts";
import type { EpochRecord } from "./epochs.ts";
import { namingFiles, type RunData, readRunData, runVocabulary } from "./run_data.ts";
import { openRunFolder, writeRecords } from "./run_folder.ts";
import type { AttentionOptions, TrainRunOptions } from "./train_options.ts";
import { trainPreset } from "./train_preset.ts";

/** Results of a run that the export needs. */
export interface TrainedRun {
  readonly records: EpochRecord[];
  readonly cache: FeatureCache;
  readonly dev: readonly DevPhoto[];
  readonly train: RunData["train"];
}

/**
 * Trains a preset from a folder of photos and a captions file.
 *
 * @returns The records of its epochs; the caller disposes of `cache`.
 * @throws {EdgecapError} `data-invalid`, `file-unreadable`, `file-unwritable`, `image-*` naming the photo,
 *   `checkpoint-invalid`, `aborted`.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainedRun> {
  const vectors = options.vectors ?? (options.preset === "article" ? vectorsPackage : undefined);
  if (vectors !== undefined) await assertWordVectors(vectors);
  await textModule();
  const data = await readRunData({ ...options, seed: options.settings.seed });
  using vocabulary = runVocabulary(data, options.minimumCount);
  const { train, dev, dropped } = data;
  await openRunFolder(options, vocabulary.serialise());
  await options.onData?.();
  const cache = await featuresOf(
    options,
    [...train, ...dev].map(({ image }) => image),
  );
  try {
    const captions = train.reduce((sum, photo) => sum + photo.captions.length, 0);
    options.onPhase?.(
      "training",
      `${train.length} photos, ${captions} captions (${dropped} rows without one dropped), ${vocabulary.size} words; dev ${dev.length} photos`,
    );
    const records = await trainPreset(options, { data, vocabulary, cache });
    await writeRecords(options.out, records);
    return { records, cache, dev, train };
  } catch (error) {
    cache[Symbol.dispose]();
    throw error;
  }
}

async function featuresOf(options: TrainRunOptions, images: readonly string[]): Promise<FeatureCache> {
  const photos = { folder: options.images, namedBy: namingFiles(options) };
  await checkPhotos(photos, images);
  return photoFeatures({
    photos,
    images,
    encoder: readEncoder(options.encoder, "fp32", "--encoder"),
    folder: options.features,
    // The article uses only one view of a photo.
    ...(options.preset === "article" ? { views: 1 } : viewsOfRun(options)),
    threads: options.threads,
    onStart: (detail) => options.onPhase?.("features", detail),
    onProgress: (done, total) => options.onProgress?.(done, total),
    ...(options.signal && { signal: options.signal }),
  });
}

function viewsOfRun({ views = 2, start }: AttentionOptions): Pick<PhotoFeaturesOptions, "views" | "gridsOfView"> {
  const learns = start !== undefined && [...start.keys()].some(isOfLastStage);
  return { views, ...(learns && { gridsOfView: gridsBeforeLastStage }) };
}
