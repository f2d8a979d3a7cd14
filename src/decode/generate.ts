import type { GraphSession, GraphTensor } from "../runtime/graph_session.ts";
import { type GeneratedCaption, type GenerateOptions, searchCaptions } from "./search_captions.ts";

/** The decoder's two graphs. */
export interface Decoder {
  /** Feature grid -> keys, values and the first state. */
  readonly init: Pick<GraphSession, "run">;
  /** Words and state -> logits and the next state. */
  readonly step: Pick<GraphSession, "run">;
}

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
  const memory = await decoder.init.run({ grid });
  const { keys, values } = memory as { keys: GraphTensor; values: GraphTensor };
  let hidden = memory["hidden"]!;
  let cell = memory["cell"]!;
  return searchCaptions(async (tokens, parents) => {
    const output = await decoder.step.run({
      tokens: { data: tokens, shape: [1, tokens.length] },
      keys,
      values,
      hidden: gatherBeams(hidden, parents),
      cell: gatherBeams(cell, parents),
    });
    hidden = output["next_hidden"]!;
    cell = output["next_cell"]!;
    return {
      logits: output["logits"]!.data as Float32Array,
      attention: output["attention"]?.data as Float32Array | undefined,
    };
  }, options);
}

/** The states of the beams that go on, [1, parents, units], from those of the step before. */
function gatherBeams(state: GraphTensor, parents: Uint32Array): GraphTensor {
  const units = state.shape[2]!;
  const source = state.data as Float32Array;
  const data = new Float32Array(parents.length * units);
  for (const [beam, parent] of parents.entries()) {
    data.set(source.subarray(parent * units, (parent + 1) * units), beam * units);
  }
  return { data, shape: [1, parents.length, units] };
}
