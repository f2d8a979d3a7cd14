import { GraphBuilder, type Value } from "../export/mod.ts";
import { type AttentionShape, type AttentionWeightName, attentionWeights } from "./attention_model.ts";
import { type DecoderPrecision, storeWeights } from "./weight_precision.ts";

/** Weights as plain arrays, by name. */
export type AttentionArrays = ReadonlyMap<string, Float32Array>;

/**
 * The decoder's two ONNX graphs, equal to what attention_model.ts computes.
 *
 * - `init`: `grid` [images, regions, features] -> `keys`, `values` [images, regions, units],
 *   `hidden`, `cell` [images, 1, units], `mean` [images, 1, units], the values' mean over the regions.
 * - `step`: `tokens` int32 [images, beams], `keys`, `values`, `hidden` and `cell` [images, beams, units] -> `logits`
 *   [images, beams, vocabulary], `next_hidden`, `next_cell`, `attention` [images, beams, regions].
 *
 * @param arrays Every weight that {@linkcode attentionWeights} names.
 */
export function exportAttention(
  shape: AttentionShape,
  arrays: AttentionArrays,
  precision: DecoderPrecision,
): { init: Uint8Array; step: Uint8Array } {
  return { init: initGraph(shape, arrays, precision), step: stepGraph(shape, arrays, precision) };
}

function initGraph(shape: AttentionShape, arrays: AttentionArrays, precision: DecoderPrecision): Uint8Array {
  const { regions, features, units } = shape;
  const g = new GraphBuilder("decoder_init");
  const w = weightsOf(g, shape, arrays);
  const grid = g.input("grid", "float32", ["images", regions, features]);
  const values = g.node("Relu", [g.node("Add", [g.node("MatMul", [grid, w("project_kernel")]), w("project_bias")])]);
  const keys = g.node("MatMul", [values, w("key_kernel")]);
  const mean = g.node("ReduceMean", [values], { axes: [1], keepdims: 1 });
  const start = g.node("Tanh", [g.node("Add", [g.node("MatMul", [mean, w("start_kernel")]), w("start_bias")])]);
  const [hidden, cell] = g.nodes("Split", [start, g.ints([units, units])], 2, { axis: 2 });
  g.output("keys", keys, "float32", ["images", regions, units]);
  g.output("values", values, "float32", ["images", regions, units]);
  g.output("hidden", hidden!, "float32", ["images", 1, units]);
  g.output("cell", cell!, "float32", ["images", 1, units]);
  g.output("mean", mean, "float32", ["images", 1, units]);
  storeWeights(g.graph, precision);
  return g.toBytes();
}

function stepGraph(shape: AttentionShape, arrays: AttentionArrays, precision: DecoderPrecision): Uint8Array {
  const { regions, units, vocabulary } = shape;
  const g = new GraphBuilder("decoder_step");
  const w = weightsOf(g, shape, arrays);
  const tokens = g.input("tokens", "int32", ["images", "beams"]);
  const keys = g.input("keys", "float32", ["images", regions, units]);
  const values = g.input("values", "float32", ["images", regions, units]);
  const hidden = g.input("hidden", "float32", ["images", "beams", units]);
  const cell = g.input("cell", "float32", ["images", "beams", units]);

  const word = g.node("Gather", [w("embedding"), tokens], { axis: 0 });
  const fromState = g.node("MatMul", [hidden, w("state_kernel")]);
  const [query, gate, recurrent] = g.nodes("Split", [fromState, g.ints([units, units, 4 * units])], 3, { axis: 2 });
  const scores = g.node("MatMul", [query!, g.node("Transpose", [keys], { perm: [0, 2, 1] })]);
  const attention = g.node("Softmax", [g.node("Mul", [scores, g.scalar(1 / Math.sqrt(units))])], { axis: -1 });
  const opening = g.node("Sigmoid", [g.node("Add", [gate!, w("context_gate_bias")])]);
  const context = g.node("Mul", [opening, g.node("MatMul", [attention, values])]);
  const inputs = [g.node("MatMul", [word, w("word_kernel")]), g.node("MatMul", [context, w("context_kernel")])];
  const gates = inputs.reduce((sum, term) => g.node("Add", [sum, term]), g.node("Add", [recurrent!, w("lstm_bias")]));
  const [input, forget, candidate, output] = g.nodes("Split", [gates, g.ints([units, units, units, units])], 4, {
    axis: 2,
  });
  const kept = g.node("Mul", [g.node("Sigmoid", [forget!]), cell]);
  const written = g.node("Mul", [g.node("Sigmoid", [input!]), g.node("Tanh", [candidate!])]);
  const nextCell = g.node("Add", [kept, written]);
  const nextHidden = g.node("Mul", [g.node("Sigmoid", [output!]), g.node("Tanh", [nextCell])]);
  const together = g.node("Concat", [nextHidden, context, word], { axis: 2 });
  const mixed = g.node("Tanh", [g.node("Add", [g.node("MatMul", [together, w("mix_kernel")]), w("mix_bias")])]);
  const logits = g.node("Add", [g.node("MatMul", [mixed, w("output_kernel")]), w("output_bias")]);

  g.output("logits", logits, "float32", ["images", "beams", vocabulary]);
  g.output("next_hidden", nextHidden, "float32", ["images", "beams", units]);
  g.output("next_cell", nextCell, "float32", ["images", "beams", units]);
  g.output("attention", attention, "float32", ["images", "beams", regions]);
  storeWeights(g.graph, precision);
  return g.toBytes();
}

function weightsOf(
  g: GraphBuilder,
  shape: AttentionShape,
  arrays: AttentionArrays,
): (name: AttentionWeightName) => Value {
  const shapes = new Map(attentionWeights(shape).map((spec) => [spec.name, spec.shape]));
  return (name) => g.weight(name, shapes.get(name)!, arrays.get(name)!);
}
