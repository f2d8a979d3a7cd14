import type { GraphBuilder, Value } from "../graph_builder.ts";

const int64 = 7;

/** A masked sequence with its kept steps moved to the front, in order, and the data to undo that. */
export interface PackedSequence {
  /** [batch, time, features]; the content after the kept steps is undefined. */
  readonly steps: Value;
  /** Number of kept steps of each sequence, at least 1 so that it can run: int32 [batch]. */
  readonly lengths: Value;
  /** Whether a sequence keeps no step at all: bool [batch, 1]. */
  readonly empty: Value;
  /** For each step, the index of the last kept step up to it, or -1 before the first one: int64 [batch, time]. */
  readonly latest: Value;
}

/** Turns a sequence, or its mask, back to front along time: axis 1. */
export function reversed(graph: GraphBuilder, value: Value): Value {
  const axes = graph.ints([1]);
  return graph.node("Slice", [value, graph.ints([-1]), graph.ints([-(2 ** 31)]), axes, graph.ints([-1])]);
}

/** Picks steps of each sequence: [batch, time, features] by int64 [batch, time]. */
function pick(graph: GraphBuilder, steps: Value, places: Value): Value {
  return graph.node("GatherND", [steps, graph.node("Unsqueeze", [places, graph.ints([-1])])], { batch_dims: 1 });
}

/**
 * Moves the steps that a mask keeps to the front, so that ONNX's recurrent operators, which support lengths but not
 * masks, skip the others wherever they are.
 *
 * @param steps float32 [batch, time, features].
 * @param mask bool [batch, time].
 */
export function packed(graph: GraphBuilder, steps: Value, mask: Value): PackedSequence {
  const time = graph.node("Gather", [graph.node("Shape", [mask]), graph.scalar(1, "int64")]);
  const falling = graph.node("Range", [time, graph.scalar(0, "int64"), graph.scalar(-1, "int64")]);
  const kept = graph.node("Cast", [mask], { to: int64 });
  // Earlier steps have greater keys; masked steps have key 0.
  const keys = graph.node("Mul", [kept, falling]);
  const all = graph.node("Unsqueeze", [time, graph.ints([0])]);
  const [, order] = graph.nodes("TopK", [keys, all], 2, { axis: 1 });
  const counts = graph.node("ReduceSum", [kept, graph.ints([1])], { keepdims: 0 });
  const lengths = graph.node("Max", [counts, graph.scalar(1, "int64")]);
  const running = graph.node("CumSum", [kept, graph.scalar(1, "int64")]);
  return {
    steps: pick(graph, steps, order!),
    lengths: graph.node("Cast", [lengths], { to: 6 }),
    empty: graph.node("Unsqueeze", [graph.node("Equal", [counts, graph.scalar(0, "int64")]), graph.ints([-1])]),
    latest: graph.node("Sub", [running, graph.scalar(1, "int64")]),
  };
}

/**
 * Spreads the outputs of packed steps over all steps again: a masked step repeats the output before it.
 *
 * @param outputs float32 [batch, time, units], of the packed steps.
 * @param first Output before any step is kept, [batch, units]. Default: zeros.
 */
export function unpacked(graph: GraphBuilder, outputs: Value, sequence: PackedSequence, first?: Value): Value {
  const places = graph.node("Max", [sequence.latest, graph.scalar(0, "int64")]);
  const before = graph.node("Less", [sequence.latest, graph.scalar(0, "int64")]);
  const wide = graph.node("Unsqueeze", [before, graph.ints([-1])]);
  const start = first ? graph.node("Unsqueeze", [first, graph.ints([1])]) : graph.scalar(0);
  return graph.node("Where", [wide, start, pick(graph, outputs, places)]);
}
