import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { imagenetClasses } from "../../src/concepts/noun_table.ts";
import { throwIfAborted } from "../../src/errors.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { type Classifier, classify } from "../../src/training/concepts/classifier.ts";
import { photoEncoder } from "../../src/training/encoder/encode_photos.ts";
import { pixelsOf } from "../../src/training/encoder/photo_pixels.ts";
import { resnet50File } from "../../src/training/encoder/resnet50_file.ts";
import { tf } from "../../src/training/tensorflow.ts";
import { cacheFolder } from "./encoder.ts";
import { fetchResnet50 } from "./fetch_weights.ts";
import { loadLayersModel } from "./load_layers_model.ts";

const size = 224;
const photosAtOnce = 4;

/**
 * ImageNet's classifier of ResNet50, kernel [2048, 1000]: the last layer of the weights that
 * scripts/model/fetch_weights.ts fetches.
 */
export async function imagenetHead(): Promise<Classifier> {
  const model = await loadLayersModel(await fetchResnet50(cacheFolder), size);
  const [kernel, bias] = model.layers.at(-1)!.getWeights();
  const head = { kernel: kernel!.dataSync() as Float32Array, bias: bias!.dataSync() as Float32Array };
  model.dispose();
  return head;
}

/**
 * Probabilities of the classes.
 *
 * @param means Mean over the regions of each photo, [photos, 2048].
 * @returns [photos, 1000]
 */
export function classProbabilities(head: Classifier, means: Float32Array): Float32Array {
  const features = head.kernel.length / imagenetClasses;
  return tf.tidy(
    () => classify(head, tf.tensor2d(means, [means.length / features, features])).dataSync() as Float32Array,
  );
}

/** Options of {@linkcode imagenetProbabilities}. */
export interface ImagenetOptions {
  /** Folder of the photos. */
  readonly folder: string;
  readonly images: readonly string[];
  /** File that stores the results. */
  readonly file: string;
  readonly threads: number;
  readonly signal?: AbortSignal;
}

/** Class probabilities of photos by ImageNet's ResNet50 in 8-bit integers, [photos, 1000]; computed once. */
export async function imagenetProbabilities(options: ImagenetOptions): Promise<Float32Array> {
  const { folder, images, file, signal } = options;
  if (existsSync(file)) {
    const bytes = await readFile(file);
    if (bytes.length === 4 * images.length * imagenetClasses) return new Float32Array(new Uint8Array(bytes).buffer);
  }
  const head = await imagenetHead();
  const graph = new Uint8Array(await readFile(await resnet50File({ precision: "int8", size }, signal)));
  await using encoder = await photoEncoder({ graph, size, precision: "int8" }, options.threads);
  const found = new Float32Array(images.length * imagenetClasses);
  for (let start = 0; start < images.length; start += photosAtOnce) {
    throwIfAborted(signal);
    const part = images.slice(start, start + photosAtOnce);
    const pixels = await Promise.all(part.map((image) => pixelsOf({ folder, namedBy: [] }, image, size)));
    const grid = await encoder.encode(pixels);
    const means = regionMeans(grid, part.length, head.kernel.length / imagenetClasses);
    found.set(classProbabilities(head, means), start * imagenetClasses);
  }
  await writeAtomically(file, new Uint8Array(found.buffer));
  return found;
}

function regionMeans(grid: Float32Array, photos: number, features: number): Float32Array {
  const regions = grid.length / photos / features;
  const means = new Float32Array(photos * features);
  for (let i = 0; i < grid.length; i++) {
    means[Math.floor(i / (regions * features)) * features + (i % features)]! += grid[i]! / regions;
  }
  return means;
}

/** File of a collection's class probabilities in a run's folder. */
export function classesFile(run: string, source: string): string {
  return join(run, `imagenet-${source}.f32`);
}
