import type { Datastore } from "../retrieval/datastore.ts";
import type { GraphValue } from "../runtime/tensors.ts";
import { type Decoder, type ReadPhoto, readPhoto } from "./decoder.ts";
import { type GeneratedCaption, type GenerateOptions, searchCaptions } from "./search_captions.ts";

/** Training photos that have a say in which beam wins. */
export interface Neighbours {
  readonly datastore: Datastore;
  /** How many of them, those most like the photo. */
  readonly count: number;
  /** What full agreement with their captions adds to a beam's score. */
  readonly weight: number;
}

/**
 * Generates captions for one feature grid with the decoder's graphs.
 *
 * @param grid Features of one photo, [1, regions, features].
 * @param neighbours Used with several beams; captions that are drawn at random, and greedy ones, stay as they are.
 * @returns Up to `count` captions, best first.
 * @throws {EdgecapError} `option-invalid`, `logits-invalid`, `graph-failed` or `aborted`.
 */
export async function generate(
  decoder: Decoder,
  grid: GraphValue,
  options: Omit<GenerateOptions, "rescore">,
  neighbours?: Neighbours,
): Promise<GeneratedCaption[]> {
  using photo = await readPhoto(decoder, grid);
  const several = (options.beams ?? 1) > 1 && (options.temperature ?? 0) === 0;
  return await searchCaptions(photo.step, {
    ...options,
    ...(several && neighbours && { rescore: agreement(photo, neighbours, options.endId ?? 2) }),
  });
}

/** How much captions agree with those of the neighbours of a photo, weighted. */
function agreement({ mean }: ReadPhoto, { datastore, count, weight }: Neighbours, endId: number) {
  return (captions: readonly Uint32Array[]): Float64Array =>
    datastore.consensus(captions, datastore.nearest(mean!, count), endId).map((share) => weight * share);
}
