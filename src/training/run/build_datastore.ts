import { throwIfAborted } from "../../errors.ts";
import { writeSafetensors } from "../../files/safetensors.ts";
import type { GraphTensor } from "../../runtime/tensors.ts";
import { loadedTextModule } from "../../text/text_crate.ts";
import { type EncodedPhoto, endId } from "../attention/batches.ts";
import type { PhotoGrids } from "../encoder/photo_grids.ts";
import { openFastGraph } from "./fast_graph.ts";

/** Most photos of a datastore; comparing a photo with more would take longer than deciding a word. */
const mostPhotos = 20_000;
/** Most words of a caption, and most captions of a photo: their counts are bytes. */
const mostOfEach = 255;
/**
 * Largest number of a stored vector. Directions need no finer steps, and numbers of a small range compress to half
 * their size.
 */
const largestStep = 31;
/** A number with a smaller spread is the same for all photos and says nothing. */
const leastSpread = 1e-3;

/** Options of {@linkcode buildDatastore}. */
export interface DatastoreOptions {
  /** The graph `decoder_init` as it ships. */
  readonly init: Uint8Array;
  /** Training photos with their captions. */
  readonly photos: readonly EncodedPhoto[];
  /** Their features. */
  readonly cache: PhotoGrids;
  readonly signal?: AbortSignal;
}

/**
 * Makes the file of a datastore, with `await textModule()` done: the decoder's vector of each training photo, and its
 * captions; see src/retrieval/datastore.ts. Of more than 20,000 photos it takes 20,000, spread evenly.
 *
 * @throws {EdgecapError} `aborted`, `graph-failed`.
 */
export async function buildDatastore(options: DatastoreOptions): Promise<Uint8Array> {
  const step = Math.max(1, options.photos.length / mostPhotos);
  const photos = Array.from(
    { length: Math.floor(options.photos.length / step) },
    (_, i) => options.photos[Math.floor(i * step)]!,
  );
  const { means, dimensions } = await photoMeans(photos, options);
  const { mean, scale } = spreadOf(means, dimensions);
  const captions = photos.map((photo) =>
    photo.captions.slice(0, mostOfEach).map((words) => Uint16Array.from(words.subarray(0, mostOfEach))),
  );
  const { ngrams, frequencies } = documentFrequencies(captions);
  const lengths = Uint8Array.from(captions.flat(), ({ length }) => length);
  const tokens = Uint16Array.from(captions.flat().flatMap((words) => [...words]));
  return writeSafetensors({
    mean: { kind: "F32", shape: [dimensions], data: mean },
    scale: { kind: "F32", shape: [dimensions], data: scale },
    vectors: { kind: "I8", shape: [photos.length, dimensions], data: directions(means, mean, scale) },
    captions: { kind: "U8", shape: [photos.length], data: Uint8Array.from(captions, ({ length }) => length) },
    lengths: { kind: "U8", shape: [lengths.length], data: lengths },
    tokens: { kind: "U16", shape: [tokens.length], data: tokens },
    ngrams: { kind: "U32", shape: [ngrams.length], data: ngrams },
    frequencies: { kind: "U16", shape: [frequencies.length], data: frequencies },
  });
}

/** The decoder's vector of each photo, [photos, dimensions]. */
async function photoMeans(
  photos: readonly EncodedPhoto[],
  { init, cache, signal }: DatastoreOptions,
): Promise<{ means: Float32Array; dimensions: number }> {
  const { regions, features } = cache.index;
  await using graph = await openFastGraph("decoder_init", init);
  const grid = { data: new Float32Array(regions * features), shape: [1, regions, features] };
  let means = new Float32Array();
  let dimensions = 0;
  for (const [place, { image }] of photos.entries()) {
    throwIfAborted(signal);
    cache.read(image, 0, grid.data, 0);
    const { data } = (await graph.run({ grid }))["mean"] as GraphTensor;
    if (place === 0) {
      dimensions = data.length;
      means = new Float32Array(photos.length * dimensions);
    }
    means.set(data, place * dimensions);
  }
  return { means, dimensions };
}

/** Mean of each number over the photos, and one over its standard deviation. */
function spreadOf(means: Float32Array, dimensions: number): { mean: Float32Array; scale: Float32Array } {
  const photos = means.length / dimensions;
  const sums = new Float64Array(dimensions);
  const squares = new Float64Array(dimensions);
  for (const [i, value] of means.entries()) sums[i % dimensions]! += value / photos;
  for (const [i, value] of means.entries()) squares[i % dimensions]! += (value - sums[i % dimensions]!) ** 2 / photos;
  return {
    mean: Float32Array.from(sums),
    scale: Float32Array.from(squares, (square) => 1 / (Math.sqrt(square) + leastSpread)),
  };
}

/** Directions of the photos' vectors. */
function directions(means: Float32Array, mean: Float32Array, scale: Float32Array): Int8Array {
  const dimensions = mean.length;
  const vectors = new Int8Array(means.length);
  for (let start = 0; start < means.length; start += dimensions) {
    const vector = means.subarray(start, start + dimensions).map((value, i) => (value - mean[i]!) * scale[i]!);
    const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    vectors.set(
      vector.map((value) => Math.round((largestStep * value) / largest)),
      start,
    );
  }
  return vectors;
}

/**
 * For each n-gram, by rising hash, the number of photos in whose captions it occurs; n-grams of one photo are left
 * out.
 */
function documentFrequencies(captions: readonly (readonly Uint16Array[])[]): {
  ngrams: Uint32Array;
  frequencies: Uint16Array;
} {
  const { ngramHashes } = loadedTextModule();
  const counts = new Map<number, number>();
  for (const ofPhoto of captions) {
    const seen = new Set(ofPhoto.flatMap((words) => [...ngramHashes(Uint32Array.from(words), endId)]));
    for (const hash of seen) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  }
  const shared = [...counts].filter(([, count]) => count > 1).sort(([a], [b]) => a - b);
  return {
    ngrams: Uint32Array.from(shared, ([hash]) => hash),
    frequencies: Uint16Array.from(shared, ([, count]) => count),
  };
}
