import type { GraphValue } from "../runtime/tensors.ts";
import { type Decoder, readPhoto } from "./decoder.ts";
import { type GeneratedCaption, type GenerateOptions, searchCaptions } from "./search_captions.ts";

/**
 * Generates captions for one feature grid with the decoder's graphs.
 *
 * @param grid Features of one photo, [1, regions, features].
 * @returns Up to `count` captions, best first.
 * @throws {EdgecapError} `option-invalid`, `logits-invalid`, `graph-failed` or `aborted`.
 */
export async function generate(
  decoder: Decoder,
  grid: GraphValue,
  options: GenerateOptions,
): Promise<GeneratedCaption[]> {
  using photo = await readPhoto(decoder, grid);
  return await searchCaptions(photo.step, options);
}
