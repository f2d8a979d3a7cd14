import { throwIfAborted } from "../errors.ts";
import type { GraphTensor } from "../runtime/graph_session.ts";
import { type Decoder, readPhoto } from "./next_logits.ts";
import { type Hypothesis, Search, type SearchOptions } from "./search.ts";

/** How to generate: the search's options, and how many captions are wanted. */
export interface GenerateOptions extends SearchOptions {
  /** Captions wanted, at most `beams`. */
  readonly count: number;
  readonly signal?: AbortSignal;
}

/**
 * Generates captions for one feature grid: the search says which words to try, the graph how likely the next ones are.
 *
 * @param grid Features of one photo, [1, regions, features].
 * @returns Up to `count` captions, best first.
 * @throws {EdgecapError} `option-invalid`, `logits-invalid`, `graph-failed` or `aborted`.
 */
export async function generate(decoder: Decoder, grid: GraphTensor, options: GenerateOptions): Promise<Hypothesis[]> {
  using search = new Search(options);
  const nextLogits = await readPhoto(decoder, grid);
  let more = true;
  while (more) {
    throwIfAborted(options.signal);
    const logits = await nextLogits(search.tokens(), search.parents());
    search.logits().set(logits);
    more = search.advance();
  }
  return search.results(options.count);
}
