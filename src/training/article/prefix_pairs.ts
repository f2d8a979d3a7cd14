import type { SeededRandom } from "../../dataset/seeded_random.ts";
import type { SequencedPhoto } from "./caption_sequences.ts";

/** (image, prefix, next word): one training example. */
export interface PrefixPair {
  /** Place of the photo in its batch. */
  readonly photo: number;
  /** Place of the caption among those of the batch. */
  readonly caption: number;
  /** The words so far, `<start>` first, not padded. */
  readonly prefix: Int32Array;
  /** Id of the word that follows. */
  readonly next: number;
}

/** The pairs of a batch of photos. */
export interface PairBatch {
  readonly images: readonly string[];
  readonly pairs: readonly PrefixPair[];
}

/** Every prefix of every caption of some photos, with the word that follows it. */
export function pairsOf(photos: readonly SequencedPhoto[]): PairBatch {
  const pairs: PrefixPair[] = [];
  let caption = 0;
  for (const [photo, { sequences }] of photos.entries()) {
    for (const ids of sequences) {
      for (let i = 1; i < ids.length; i++) pairs.push({ photo, caption, prefix: ids.subarray(0, i), next: ids[i]! });
      caption++;
    }
  }
  return { images: photos.map(({ image }) => image), pairs };
}

/** Number of steps of an epoch: the article's `n // 32`, but at least one. */
export function stepsPerEpoch(photos: number, photosPerBatch: number): number {
  return Math.max(1, Math.floor(photos / photosPerBatch));
}

/**
 * The batches of one epoch, made one after another, never all in memory.
 *
 * The article's generator counts photos and yields when the count is reached, so that photos left over at the end of a
 * pass go into the next one: only a yield resets its list. Here an epoch is a separate pass, in a new random order; it
 * skips the few photos of the last partial batch, which differ each time.
 *
 * @param from First batch to return: a resumed epoch continues in its middle.
 */
export function* pairBatches(
  photos: readonly SequencedPhoto[],
  photosPerBatch: number,
  random: SeededRandom,
  from = 0,
): Generator<PairBatch> {
  const order = random.shuffle([...photos]);
  const steps = stepsPerEpoch(photos.length, photosPerBatch);
  for (let step = from; step < steps; step++) {
    yield pairsOf(order.slice(step * photosPerBatch, (step + 1) * photosPerBatch));
  }
}
