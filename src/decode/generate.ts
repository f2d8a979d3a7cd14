import type { GraphTensor } from "../runtime/graph_session.ts";
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
  grid: GraphTensor,
  options: GenerateOptions,
): Promise<GeneratedCaption[]> {
  return searchCaptions(await readPhoto(decoder, grid), options);
}
