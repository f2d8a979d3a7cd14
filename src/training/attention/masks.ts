import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { tf } from "../tensorflow.ts";
import { shownRegions } from "./batches.ts";
import { dropoutMask } from "./dropout.ts";
import type { AttentionMasks, BatchLayout } from "./loss.ts";
import type { AttentionShape } from "./model.ts";
import type { TrainingStage } from "./settings.ts";

/** Masks that stay the same at every word of a caption (Gal and Ghahramani, 2016): one per caption, not per place. */
export interface CaptionMasks {
  /** See {@linkcode AttentionMasks}. */
  readonly shown: tf.Tensor1D | undefined;
  /** Of the values, [photos, 1, units]: units, the same ones in all places. */
  readonly values: tf.Tensor;
  /** Of the embedded words, [photos * captions, embedding]. */
  readonly words: tf.Tensor;
  /** Of the mixed layer, [photos * captions, units]. */
  readonly mixed: tf.Tensor;
}

type Rates = Pick<TrainingStage, "replacedRegions" | "dropoutValues" | "dropoutWords" | "dropoutMixed">;
type Lengths = Pick<AttentionShape, "regions" | "units" | "embedding" | "concepts">;

/** Masks drawn again at every region and word (Zaremba, Sutskever and Vinyals, 2014). */
export function wordMasks(
  photos: number,
  layout: BatchLayout,
  { regions, units, embedding, concepts }: Lengths,
  rates: Rates,
  random: SeededRandom,
): AttentionMasks {
  return {
    shown: shownOf(photos, regions, rates, random),
    values: dropoutMask([photos, regions + (concepts?.slots ?? 0), units], rates.dropoutValues, random),
    words: dropoutMask([layout.rows.length, embedding], rates.dropoutWords, random),
    mixed: dropoutMask([layout.wanted.length, units], rates.dropoutMixed, random),
  };
}

/** Masks of captions that the model first samples and then learns from, both under the same dropout. */
export function captionMasks(
  photos: number,
  captions: number,
  { regions, units, embedding }: Lengths,
  rates: Rates,
  random: SeededRandom,
): CaptionMasks {
  return {
    shown: shownOf(photos, regions, rates, random),
    values: dropoutMask([photos, 1, units], rates.dropoutValues, random),
    words: dropoutMask([photos * captions, embedding], rates.dropoutWords, random),
    mixed: dropoutMask([photos * captions, units], rates.dropoutMixed, random),
  };
}

/**
 * The masks of captions, laid out for the loss.
 *
 * @param order For each row of the batch, its row of the masks.
 */
export function masksOfPlaces(masks: CaptionMasks, layout: BatchLayout, order: Int32Array): AttentionMasks {
  const rows = layout.rows.map((row) => order[row]!);
  const wanted = layout.wanted.map((place) => rows[place]!);
  return {
    shown: masks.shown,
    values: masks.values,
    words: tf.gather(masks.words, tf.tensor1d(rows, "int32")),
    mixed: tf.gather(masks.mixed, tf.tensor1d(wanted, "int32")),
  };
}

/** The regions that each photo shows, if some are replaced. */
function shownOf(photos: number, regions: number, { replacedRegions }: Rates, random: SeededRandom) {
  if (replacedRegions === 0 || regions === 0) return undefined;
  return tf.tensor1d(shownRegions(photos, regions, random, replacedRegions), "int32");
}
