import { evaluateText } from "../../evaluation/mod.ts";
import { sentence } from "../../text/sentence.ts";
import type { Vocabulary } from "../../text/vocabulary.ts";
import { textModule } from "../../text/text_module.ts";
import { captionSequence, longestCaption } from "../article/caption_sequences.ts";
import { embeddingMatrix } from "../article/merged_model.ts";
import { type ArticleSettings, trainArticle } from "../article/train_article.ts";
import { PhotoReader } from "../attention/photo_reader.ts";
import type { AttentionSettings } from "../attention/settings.ts";
import { trainAttention } from "../attention/trainer.ts";
import { photoEncoder } from "../encoder/encode_photos.ts";
import { describe, type Encoder } from "../encoder/encoders.ts";
import { buildFeatureCache, type FeatureCache } from "../encoder/feature_cache.ts";
import { gridsBeforeLastStage, isOfLastStage } from "../encoder/last_stage.ts";
import { checkPhotos, type PhotoFolder, pixelsOf } from "../encoder/photo_pixels.ts";
import type { PhotoViews } from "../encoder/photo_views.ts";
import { readWordVectors, vectorsPackage } from "../words/word_vectors.ts";
import type { DevPhoto } from "./choose_generation.ts";
import type { EpochRecord } from "./epochs.ts";
import { type RunData, readRunData, runVocabulary } from "./run_data.ts";
import { openRunFolder, type RunOptions, trainerOptions, writeRecords } from "./run_folder.ts";
import { estimateRun } from "./step_estimate.ts";

/** What a training run of any preset needs. */
export interface CommonRunOptions extends RunOptions {
  /** Folder of the photos. */
  readonly images: string;
  /** Captions file: Kaggle's, Flickr8k.token.txt's or Karpathy's layout. */
  readonly captions: string;
  /** List of training photos, one name per line; without lists, a random split by photo. */
  readonly trainList?: string;
  /** List of dev photos. */
  readonly devList?: string;
  /** Called once the data has been read and checked, before anything of an earlier run is replaced. */
  readonly onData?: () => Promise<void>;
  readonly onEpoch?: (record: EpochRecord) => void;
}

/** What a run of the attention preset needs in addition. */
interface AttentionOptions {
  readonly preset?: "attention";
  readonly settings: AttentionSettings;
  /**
   * Weights to start from, by name; the others start at random. If they hold the encoder's last stage, it learns
   * too, and `encoder` ends before it.
   */
  readonly start?: ReadonlyMap<string, Float32Array>;
  /** Number of views of each photo to learn from. Default 2: itself and its mirror image. */
  readonly views?: PhotoViews;
}

/** What a training run needs. The settings are those of its preset, by default `attention`. */
export type TrainRunOptions = CommonRunOptions &
  (AttentionOptions | { readonly preset: "article"; readonly settings: ArticleSettings });

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
    const records = await trainPreset(options, data, vocabulary, cache);
    await writeRecords(options.out, records);
    return { records, cache, dev, train };
  } catch (error) {
    cache[Symbol.dispose]();
    throw error;
  }
}

/** Passes the data to the preset's own trainer, in the form that it needs. */
async function trainPreset(
  options: TrainRunOptions,
  { train, dev }: RunData,
  vocabulary: Vocabulary,
  cache: FeatureCache,
): Promise<EpochRecord[]> {
  const words = vocabulary.serialise().trimEnd().split("\n");
  const common = {
    ...trainerOptions(options),
    devImages: dev.map(({ image }) => image),
    score: (ids: readonly Int32Array[]) => devScore(ids, dev, vocabulary),
    ...(options.onEpoch && { onEpoch: options.onEpoch }),
  };
  if (options.preset === "article") {
    const photos = train.map(({ image, captions }) => ({
      image,
      sequences: captions.map((tokens) => captionSequence(tokens, vocabulary)),
    }));
    const source = options.vectors ?? vectorsPackage;
    const { dimension, vectors } = await readWordVectors(source, [...words, "start", "end"]);
    const shape = {
      features: cache.index.regions * cache.index.features,
      longest: longestCaption(photos),
      embedding: dimension,
      vocabulary: vocabulary.size,
      mixed: options.settings.mixed,
    };
    const embedding = embeddingMatrix(words, vectors, dimension);
    return trainArticle({ ...common, cache, train: photos, shape, embedding, settings: options.settings });
  }
  if (options.onEstimate !== undefined) {
    const { units, embedding } = options.settings;
    const shape = { ...cache.index, units, embedding, vocabulary: vocabulary.size };
    options.onEstimate(await estimateRun(shape, options.settings, train.length));
  }
  const pretrained = options.vectors === undefined ? undefined : await readWordVectors(options.vectors, words);
  return trainAttention({
    ...common,
    photos: new PhotoReader(cache),
    train: train.map(({ image, captions }) => ({
      image,
      captions: captions.map((tokens) => Int32Array.from(vocabulary.encode(tokens))),
    })),
    vocabulary: vocabulary.size,
    settings: { ...options.settings, ...(pretrained && { embedding: pretrained.dimension }) },
    ...(options.start && { start: options.start }),
    ...(pretrained && { wordVectors: words.map((word) => pretrained.vectors.get(word)) }),
  });
}

/** CIDEr of greedy captions of the dev photos. */
function devScore(ids: readonly Int32Array[], dev: readonly DevPhoto[], vocabulary: Vocabulary): number {
  const items = dev.map(({ image, references }, i) => ({
    id: image,
    hypothesis: sentence(vocabulary.decode(Uint32Array.from(ids[i]!))),
    references,
  }));
  return evaluateText(items).cider;
}

async function featuresOf(options: TrainRunOptions, images: readonly string[]): Promise<FeatureCache> {
  const photos = { folder: options.images, namedBy: namingFiles(options) };
  await checkPhotos(photos, images);
  return photoFeatures({
    photos,
    images,
    encoder: describe(options.encoder, "fp32", "--encoder"),
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

/** Files that name a run's photos, lists first. */
export function namingFiles(run: Pick<CommonRunOptions, "captions" | "trainList" | "devList">): string[] {
  return [run.trainList, run.devList, run.captions].filter((file) => file !== undefined);
}

/** What {@linkcode photoFeatures} needs. */
export interface PhotoFeaturesOptions {
  readonly photos: PhotoFolder;
  readonly images: readonly string[];
  readonly encoder: Encoder;
  /** Folder of the cache. */
  readonly folder: string;
  readonly views: PhotoViews;
  /** Number of grids that the encoder gives for each view. Default 1. */
  readonly gridsOfView?: number;
  readonly threads: number;
  readonly onStart?: (detail: string) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Features of photos, computed unless a finished cache holds them already. */
export async function photoFeatures(options: PhotoFeaturesOptions): Promise<FeatureCache> {
  const { photos, images, encoder, views } = options;
  const { graph, size, regions, features } = encoder;
  await using session = await photoEncoder(encoder, options.threads);
  options.onStart?.(`${images.length} photos${views === 1 ? "" : ` in ${views} views each`}, on ${session.runtime}`);
  // Awaited here: the encoder must outlive the work.
  return await buildFeatureCache({
    folder: options.folder,
    encoder: graph,
    encode: session.encode,
    pixels: (image) => pixelsOf(photos, image, size),
    images,
    size,
    regions,
    features,
    views,
    ...(options.gridsOfView !== undefined && { gridsOfView: options.gridsOfView }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
}
