import type { SeededRandom } from "../../dataset/seeded_random.ts";
import type { AttentionBatch } from "./loss.ts";
import type { PhotoInput } from "./model.ts";

/** A photo with its captions as word ids, without start and end. */
export interface EncodedPhoto {
  readonly image: string;
  readonly captions: readonly Int32Array[];
  /** How often an epoch shows it; a fraction is a chance. Default 1. */
  readonly share?: number;
  /** The same for epochs of self-critical training. Default: `share`. */
  readonly selfCriticalShare?: number | undefined;
}

/** Plain arrays of one training batch; see AttentionBatch. */
export type BatchArrays = Omit<Required<AttentionBatch>, keyof PhotoInput>;

/** Ids of the vocabulary's first entries, after 0, which pads. */
export const startId = 1;
/** See {@linkcode startId}. */
export const endId = 2;

/**
 * For each region, which region (photo * regions + region) is shown instead.
 *
 * @param replaced Share of regions that another region of the photo replaces. Regions have no order, so this hides some
 *   and repeats others, as a crop would.
 */
export function shownRegions(photos: number, regions: number, random: SeededRandom, replaced: number): Int32Array {
  return Int32Array.from({ length: photos * regions }, (_, place) => {
    if (random.next() >= replaced) return place;
    return place - (place % regions) + Math.floor(random.next() * regions);
  });
}

/** Some of a photo's captions: a random choice if there are more than wanted. */
export function chooseCaptions({ captions }: EncodedPhoto, count: number, random: SeededRandom): Int32Array[] {
  const chosen = [...captions];
  if (chosen.length > count) random.shuffle(chosen);
  return chosen.slice(0, count);
}

/** A caption as a batch holds it. */
export interface CaptionRow {
  readonly words: Int32Array;
  /** Whether the end follows the last word. */
  readonly ends: boolean;
  /** See AttentionBatch; without it, a person wrote the caption. */
  readonly advantage?: number;
}

/** A caption, cut after `maxWords`; if it is cut, the decoder does not learn an end from it. */
export function captionRow(words: Int32Array, maxWords: number): CaptionRow {
  return { words: words.subarray(0, maxWords), ends: words.length <= maxWords };
}

/**
 * The arrays of the captions of each photo, the longest first; photos with fewer than `captions` leave rows empty.
 *
 * @returns The arrays, and for each of their rows its earlier number (photo * captions + place in `photos`).
 */
export function captionArrays(
  photos: readonly (readonly CaptionRow[])[],
  captions: number,
): BatchArrays & { readonly order: Int32Array } {
  const longest = Math.max(1, ...photos.flat().map(({ words }) => words.length));
  const steps = longest + 1;
  const inputs = new Int32Array(photos.length * captions * steps);
  const targets = new Int32Array(inputs.length);
  const advantages = new Float32Array(photos.length * captions).fill(Number.NaN);
  const order = Int32Array.from({ length: photos.length * captions }, (_, row) => row);
  for (const [photo, rows] of photos.entries()) {
    const first = photo * captions;
    const longestFirst = [...rows.keys()].sort((a, b) => rows[b]!.words.length - rows[a]!.words.length);
    for (const [place, caption] of longestFirst.entries()) {
      const { words, ends, advantage } = rows[caption]!;
      const row = first + place;
      order[row] = first + caption;
      if (advantage !== undefined) advantages[row] = advantage;
      // A sampled caption may consist of its end alone; missing captions of a photo have no rows.
      if (words.length === 0 && advantage === undefined) continue;
      const offset = row * steps;
      inputs[offset] = startId;
      inputs.set(words, offset + 1);
      targets.set(words, offset);
      if (ends) targets[offset + words.length] = endId;
    }
  }
  return { inputs, targets, photos: photos.length, captions, steps, advantages, order };
}
