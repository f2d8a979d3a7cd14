import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError } from "../errors.ts";
import { evaluateText } from "../evaluation/mod.ts";
import { decodeImage } from "../image/decode.ts";
import { sentence } from "../text/sentence.ts";
import { tokenize } from "../text/tokenizer.ts";
import { Vocabulary } from "../text/vocabulary.ts";
import { textModule } from "../text/wasm.ts";
import type { AttentionSettings } from "./attention_settings.ts";
import type { DevPhoto } from "./choose_generation.ts";
import { readCaptions } from "./dataset/captions_file.ts";
import { randomSplit } from "./dataset/split.ts";
import { readSplitList } from "./dataset/split_list.ts";
import { photoEncoder } from "./encode_photos.ts";
import { buildFeatureCache, type FeatureCache } from "./feature_cache.ts";
import { type EpochRecord, trainAttention } from "./trainer.ts";

/** What a training run needs. */
export interface TrainRunOptions {
  /** Folder of the photos. */
  readonly images: string;
  /** Captions file: Kaggle's, Flickr8k.token.txt's or Karpathy's layout. */
  readonly captions: string;
  /** List of training photos, one name a line; without lists, a random split by photo. */
  readonly trainList?: string;
  /** List of dev photos. */
  readonly devList?: string;
  /** Folder of the run: checkpoints, vocabulary, records. */
  readonly out: string;
  /** Folder of the feature cache, which runs over the same photos can share. */
  readonly features: string;
  /** Bytes of the encoder graph. */
  readonly encoder: Uint8Array;
  /** Words seen less often are unknown. */
  readonly minimumCount: number;
  readonly settings: AttentionSettings;
  readonly resume: boolean;
  readonly threads: number;
  /** Called as the run begins its parts: `features`, then `training`. */
  readonly onPhase?: (phase: "features" | "training", detail: string) => void;
  readonly onProgress?: (done: number, total: number, loss?: number, reward?: number) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly signal?: AbortSignal;
}

/** What a run leaves for the export. */
export interface TrainedRun {
  readonly records: EpochRecord[];
  readonly cache: FeatureCache;
  readonly dev: readonly DevPhoto[];
  readonly trainPhotos: number;
}

/**
 * Trains the attention preset from a folder of photos and a captions file.
 *
 * @returns The records of its epochs; `cache` is the caller's to dispose of.
 * @throws {EdgecapError} `data-invalid`, `file-unreadable`, `image-*` naming the photo, `checkpoint-invalid`, `aborted`.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainedRun> {
  await textModule();
  const { captions, dropped } = await readCaptions(options.captions);
  const { train, dev } = await splitOf(options, captions);
  await mkdir(options.out, { recursive: true });
  const tokens = new Map([...train].map((image) => [image, captions.get(image)!.map((caption) => tokenize(caption))]));
  const sentences = [...tokens.values()].flat().map((words) => words.join(" "));
  using vocabulary = Vocabulary.build(sentences, options.minimumCount);
  await writeWhole(join(options.out, "vocabulary.txt"), vocabulary.serialise());
  const cache = await featuresOf(options, [...train, ...dev]);
  options.onPhase?.(
    "training",
    `${train.length} photos, ${sentences.length} captions (${dropped} rows without one dropped), ${vocabulary.size} words; dev ${dev.length} photos`,
  );
  const devPhotos = dev.map((image) => ({ image, references: captions.get(image)! }));
  const records = await trainAttention({
    folder: options.out,
    cache,
    train: train.map((image) => ({
      image,
      captions: tokens.get(image)!.map((words) => Int32Array.from(vocabulary.encode(words))),
    })),
    devImages: dev,
    vocabulary: vocabulary.size,
    settings: options.settings,
    resume: options.resume,
    score: (ids) =>
      evaluateText(
        devPhotos.map(({ image, references }, i) => ({
          id: image,
          hypothesis: sentence(vocabulary.decode(Uint32Array.from(ids[i]!))),
          references,
        })),
      ).cider,
    onStep: (done, total, loss, reward) => options.onProgress?.(done, total, loss, reward),
    ...(options.onEpoch && { onEpoch: options.onEpoch }),
    ...(options.signal && { signal: options.signal }),
  });
  await writeWhole(join(options.out, "epochs.json"), `${JSON.stringify(records, null, 2)}\n`);
  return { records, cache, dev: devPhotos, trainPhotos: train.length };
}

async function splitOf(
  { trainList, devList, settings }: TrainRunOptions,
  captions: ReadonlyMap<string, readonly string[]>,
): Promise<{ train: readonly string[]; dev: readonly string[] }> {
  if (trainList !== undefined && devList !== undefined) {
    const train = await readSplitList(trainList, captions);
    const dev = await readSplitList(devList, captions);
    const known = new Set(train);
    const shared = dev.find((image) => known.has(image));
    if (shared !== undefined) {
      throw new EdgecapError(
        "data-invalid",
        `"${shared}" is in both lists, "${trainList}" and "${devList}": take it out of one.`,
      );
    }
    return { train, dev };
  }
  if (trainList !== undefined || devList !== undefined) {
    throw new EdgecapError("option-invalid", "Give both lists, of training and of dev photos, or none.");
  }
  const dev = Math.min(1000, Math.max(1, Math.floor(captions.size / 8)));
  return randomSplit(captions.keys(), { train: captions.size - dev, dev, seed: settings.seed });
}

async function featuresOf(options: TrainRunOptions, images: readonly string[]): Promise<FeatureCache> {
  const size = 224;
  await using encoder = await photoEncoder(options.encoder, size, options.threads);
  options.onPhase?.("features", `${images.length} photos and their mirror images, on ${encoder.runtime}`);
  // Awaited here: the encoder must outlive the work.
  return await buildFeatureCache({
    folder: options.features,
    encoder: options.encoder,
    encode: encoder.encode,
    pixels: (image) => pixelsOf(join(options.images, image), size),
    images,
    size,
    regions: 49,
    features: 2048,
    mirrored: true,
    onProgress: (done, total) => options.onProgress?.(done, total),
    ...(options.signal && { signal: options.signal }),
  });
}

async function pixelsOf(path: string, size: number): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new EdgecapError(
      "file-unreadable",
      `Cannot read the photo "${path}" that the captions name: ${String(cause)}.`,
      { cause },
    );
  });
  try {
    return (await decodeImage(bytes, { size })).rgb;
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    throw new EdgecapError(error.code, `The photo "${path}" cannot be used: ${error.message}`, { cause: error });
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.partial`, text);
  await rename(`${path}.partial`, path);
}
