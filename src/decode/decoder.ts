import { freeAll, type GraphTensor, type GraphValue } from "../runtime/tensors.ts";
import type { RunStep } from "./search_captions.ts";
import { SharedSteps } from "./shared_steps.ts";

/** A graph of the decoder; without a device, only `run` is needed. */
export interface DecoderGraph {
  run(inputs: Readonly<Record<string, GraphValue>>): Promise<Readonly<Record<string, GraphTensor>>>;
  /** Like `run`, but leaves some outputs on the device; see `GraphSession.runKeeping`. */
  runKeeping?(inputs: Readonly<Record<string, GraphValue>>): Promise<Readonly<Record<string, GraphValue>>>;
}

/** The decoder's two graphs. */
export interface Decoder {
  /** Feature grid -> what a step needs from the picture: keys, values and the first state, or the image vector. */
  readonly init: DecoderGraph;
  /** Words and state -> logits and the next state; or a prefix and the image vector -> logits. */
  readonly step: DecoderGraph;
  /** Number of words that a step reads, pre-padded, if the decoder keeps no state between words. */
  readonly prefix?: number;
}

/** A picture's encoded features, ready for the first step; free them after the last. */
export interface ReadFeatures extends Disposable {
  /**
   * The steps of a search, from the first word on.
   *
   * @param shared Whether other searches with `shared` follow or came before: they compute each row only once, and keep
   *   it. Decoders that read prefixes have no rows to keep. Default false.
   */
  readonly start: (shared?: boolean) => RunStep;
  /** The vector that similar photos are found by, [units]; only with decoders that have regions. */
  readonly mean?: Float32Array | undefined;
  /** Probability of each of the bundle's nouns; only with decoders that look at concepts. */
  readonly concepts?: Float32Array | undefined;
}

/**
 * Reads a picture's features, and returns the function that computes how likely the next words are.
 *
 * @param grid Features of one picture, [1, regions, features]; not freed here.
 */
export async function readFeatures(decoder: Decoder, grid: GraphValue): Promise<ReadFeatures> {
  const memory = await (decoder.init.runKeeping?.({ grid }) ?? decoder.init.run({ grid }));
  let rows: SharedSteps | undefined;
  const start = (shared = false): RunStep => {
    if (decoder.prefix !== undefined) return prefixed(decoder, memory, decoder.prefix);
    if (!shared) return recurrent(decoder, memory);
    rows ??= sharedSteps(decoder, memory);
    return rows.start();
  };
  return {
    start,
    mean: (memory["mean"] as GraphTensor | undefined)?.data as Float32Array | undefined,
    concepts: (memory["concepts"] as GraphTensor | undefined)?.data as Float32Array | undefined,
    [Symbol.dispose]: () => freeAll(Object.values(memory)),
  };
}

/** Runs the step for some beams on what it needs from the picture. */
function stepOf({ step }: Decoder, memory: Readonly<Record<string, GraphValue>>) {
  const { keys, values } = memory as { keys: GraphValue; values: GraphValue };
  return async (tokens: Int32Array, hidden: GraphTensor, cell: GraphTensor) => {
    const output = await step.run({ tokens: { data: tokens, shape: [1, tokens.length] }, keys, values, hidden, cell });
    return {
      logits: output["logits"]!.data as Float32Array,
      attention: output["attention"]?.data as Float32Array | undefined,
      hidden: output["next_hidden"]!,
      cell: output["next_cell"]!,
    };
  };
}

/** The state before the first word. */
function firstState(memory: Readonly<Record<string, GraphValue>>): { hidden: GraphTensor; cell: GraphTensor } {
  return { hidden: memory["hidden"] as GraphTensor, cell: memory["cell"] as GraphTensor };
}

function recurrent(decoder: Decoder, memory: Readonly<Record<string, GraphValue>>): RunStep {
  const step = stepOf(decoder, memory);
  let { hidden, cell } = firstState(memory);
  const [gatherHidden, gatherCell] = [beamGather(), beamGather()];
  return async (tokens, parents) => {
    const { logits, attention, ...next } = await step(tokens, gatherHidden(hidden, parents), gatherCell(cell, parents));
    ({ hidden, cell } = next);
    return { logits, attention };
  };
}

/** Steps whose rows several searches share. */
function sharedSteps(decoder: Decoder, memory: Readonly<Record<string, GraphValue>>): SharedSteps {
  const step = stepOf(decoder, memory);
  const { hidden, cell } = firstState(memory);
  const units = hidden.shape[2]!;
  const numbers = ({ data }: GraphTensor) => data as Float32Array;
  return new SharedSteps(
    async (tokens, before) => {
      const shape = [1, tokens.length, units];
      const after = await step(tokens, { data: before.hidden, shape }, { data: before.cell, shape });
      return { ...after, hidden: numbers(after.hidden), cell: numbers(after.cell) };
    },
    { hidden: numbers(hidden), cell: numbers(cell) },
  );
}

/**
 * A function that selects the states of the beams that continue, [1, parents, units], from those of the previous step.
 * It does not copy if no beam moves. A copy lasts until the next call, because allocating new memory takes longer than
 * filling it.
 */
function beamGather(): (state: GraphTensor, parents: Uint32Array) => GraphTensor {
  let room = new Float32Array(0);
  return (state, parents) => {
    if (parents.length === state.shape[1] && parents.every((parent, beam) => parent === beam)) return state;
    const units = state.shape[2]!;
    const source = state.data as Float32Array;
    const size = parents.length * units;
    if (room.length < size) room = new Float32Array(size);
    for (const [beam, parent] of parents.entries()) {
      room.set(source.subarray(parent * units, (parent + 1) * units), beam * units);
    }
    return { data: room.subarray(0, size), shape: [1, parents.length, units] };
  };
}

/** Every step reads all words so far, or the last ones if not all fit. */
function prefixed({ step }: Decoder, memory: Readonly<Record<string, GraphValue>>, length: number): RunStep {
  const image = memory["image"]!;
  let prefixes = new Int32Array(length);
  return async (tokens, parents) => {
    const next = new Int32Array(tokens.length * length);
    for (const [beam, parent] of parents.entries()) {
      next.set(prefixes.subarray(parent * length + 1, (parent + 1) * length), beam * length);
      next[(beam + 1) * length - 1] = tokens[beam]!;
    }
    prefixes = next;
    const output = await step.run({ prefix: { data: prefixes, shape: [tokens.length, length] }, image });
    return { logits: output["logits"]!.data as Float32Array };
  };
}
