import type { FeatureCache } from "./feature_cache.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** A photo with its captions as word ids, without start and end. */
export interface EncodedPhoto {
  readonly image: string;
  readonly captions: readonly Int32Array[];
}

/** Plain arrays of one training batch; see AttentionBatch for the shapes. */
export interface BatchArrays {
  readonly grid: Float32Array;
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
  readonly photos: number;
  readonly captions: number;
  readonly steps: number;
}

/** Ids of the vocabulary's first entries. */
export const padId = 0;
/** See {@linkcode padId}. */
export const startId = 1;
/** See {@linkcode padId}. */
export const endId = 2;

/** What {@linkcode photoBatch} needs beside the photos. */
export interface BatchOptions {
  readonly cache: FeatureCache;
  /** Captions of a photo in the batch; photos with more give a random choice, photos with fewer leave rows empty. */
  readonly captions: number;
  /** Longer captions are cut after this many words, and then teach no end. */
  readonly maxWords: number;
  /** Chooses views and captions; without it, the first of each. */
  readonly random?: SeededRandom;
}

/** The batch of some photos: the captions of a photo stand together, so that it is read once for all of them. */
export function photoBatch(photos: readonly EncodedPhoto[], options: BatchOptions): BatchArrays {
  const { cache, captions, maxWords, random } = options;
  const elements = cache.index.regions * cache.index.features;
  const grid = new Float32Array(photos.length * elements);
  const chosen: Int32Array[] = [];
  for (const [place, photo] of photos.entries()) {
    const view = random === undefined ? 0 : Math.floor(random.next() * cache.index.views);
    cache.read(photo.image, view, grid, place * elements);
    const order = photo.captions.map((_, caption) => caption);
    if (random !== undefined && order.length > captions) random.shuffle(order);
    for (let row = 0; row < captions; row++) {
      const caption = order[row];
      chosen.push(caption === undefined ? new Int32Array(0) : photo.captions[caption]!);
    }
  }
  const longest = Math.max(1, ...chosen.map((words) => Math.min(words.length, maxWords)));
  const steps = longest + 1;
  const inputs = new Int32Array(chosen.length * steps);
  const targets = new Int32Array(chosen.length * steps);
  for (const [row, words] of chosen.entries()) {
    if (words.length === 0) continue;
    const kept = words.subarray(0, maxWords);
    const offset = row * steps;
    inputs[offset] = startId;
    inputs.set(kept, offset + 1);
    targets.set(kept, offset);
    if (kept.length === words.length) targets[offset + kept.length] = endId;
  }
  return { grid, inputs, targets, photos: photos.length, captions, steps };
}
