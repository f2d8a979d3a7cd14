import { EdgecapError, throwIfAborted } from "../errors.ts";
import type { GraphSession, GraphTensor } from "../runtime/graph_session.ts";
import { Prefixes } from "./prefixes.ts";
import { type Hypothesis, Search, type SearchOptions } from "./search.ts";

/** The decoder's two graphs. */
export interface Decoder {
  /** Feature grid -> keys, values and the first state. */
  readonly init: Pick<GraphSession, "run">;
  /** Words and state -> logits and the next state. */
  readonly step: Pick<GraphSession, "run">;
}

/** A caption that was generated. */
export interface GeneratedCaption extends Hypothesis {
  /** Where the decoder looked for each word, [words][regions], each map with the sum 1; only where asked for. */
  readonly attention?: readonly Float32Array[];
}

/** A word that no caption which can still win disagrees with. */
export interface DecidedWord {
  readonly token: number;
  /** Natural logarithm of its probability. */
  readonly logProbability: number;
  /** Where the decoder looked for it, [regions]; only where asked for. */
  readonly attention?: Float32Array;
}

/** How to generate: the search's options, and how many captions are wanted. */
export interface GenerateOptions extends SearchOptions {
  /** Captions wanted, at most `beams`. */
  readonly count: number;
  /** Whether attention maps are wanted. Default false. */
  readonly attention?: boolean;
  /** Called with each word of the best caption as soon as it is decided, in their order. */
  readonly onWord?: (word: DecidedWord) => void;
  readonly signal?: AbortSignal;
}

/**
 * Generates captions for one feature grid: the search says which words to try, the graph how likely the next ones are.
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
  using search = new Search(options);
  const prefixes = new Prefixes();
  const memory = await decoder.init.run({ grid });
  const { keys, values } = memory as { keys: GraphTensor; values: GraphTensor };
  let hidden = memory["hidden"]!;
  let cell = memory["cell"]!;
  let decided = 0;
  let more = true;
  while (more) {
    throwIfAborted(options.signal);
    const tokens = search.tokens();
    const parents = search.parents();
    const output = await decoder.step.run({
      tokens: { data: tokens, shape: [1, tokens.length] },
      keys,
      values,
      hidden: gatherBeams(hidden, parents),
      cell: gatherBeams(cell, parents),
    });
    hidden = output["next_hidden"]!;
    cell = output["next_cell"]!;
    if (options.attention === true) prefixes.attend(attentionOf(output));
    search.logits().set(output["logits"]!.data as Float32Array);
    more = search.advance();
    prefixes.extend(search.tokens(), search.parents());
    if (options.onWord === undefined) continue;
    const best = withAttention(search.results(1)[0]!);
    const agreed = more ? commonLength(best.tokens, prefixes.live) : best.tokens.length;
    for (; decided < agreed; decided++) {
      options.onWord({
        token: best.tokens[decided]!,
        logProbability: best.wordLogProbabilities[decided]!,
        ...(best.attention && { attention: best.attention[decided]! }),
      });
    }
  }
  return search.results(options.count).map(withAttention);

  function withAttention(hypothesis: Hypothesis): GeneratedCaption {
    return options.attention === true
      ? { ...hypothesis, attention: prefixes.attention(hypothesis.tokens) }
      : hypothesis;
  }
}

function attentionOf(output: Readonly<Record<string, GraphTensor>>): Float32Array {
  const maps = output["attention"];
  if (maps === undefined) {
    throw new EdgecapError("option-invalid", "attention is true: the decoder of this bundle has no attention to show.");
  }
  return maps.data as Float32Array;
}

/**
 * How many words the best caption so far shares with every live beam: the caption that wins in the end is that one, or
 * it continues one of the beams.
 */
function commonLength(best: Uint32Array, live: readonly (readonly number[])[]): number {
  const differs = best.findIndex((word, place) => live.some((words) => words[place] !== word));
  return differs === -1 ? best.length : differs;
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
