import { GraphBuilder, type Value } from "../../export/mod.ts";
import type { ClassEvidence, ConceptHead } from "../concepts/concept_head.ts";
import { type DecoderPrecision, storeWeights } from "../run/weight_precision.ts";
import { type AttentionShape, type AttentionWeightName, attentionWeights } from "./model.ts";

/** Weights as plain arrays, by name. */
export type AttentionArrays = ReadonlyMap<string, Float32Array>;

/** Names of a head's weights in a graph: kernel, bias, and the classifier's kernel, bias and weights. */
export const headWeights = [
  "concept_head_kernel",
  "concept_head_bias",
  "concept_class_kernel",
  "concept_class_bias",
  "concept_class_weights",
] as const;

/** Finds a photo's nouns and gives the decoder their vectors. */
export interface ConceptArrays {
  readonly head: ConceptHead;
  /** Fixed vectors of the nouns, [nouns, vector]. */
  readonly vectors: Float32Array;
}

/**
 * The decoder's two ONNX graphs. They compute the same as model.ts.
 *
 * - `init`: `grid` [images, regions, features] -> `keys`, `values` [images, places, units],
 *   `hidden`, `cell` [images, 1, units], `mean` [images, 1, units], the regions' mean value, and, of decoders that look
 *   at concepts, `concepts` [images, nouns], the probability of each.
 * - `step`: `tokens` int32 [images, beams], `keys`, `values`, `hidden` and `cell` [images, beams, units] -> `logits`
 *   [images, beams, vocabulary], `next_hidden`, `next_cell`, `attention` [images, beams, regions], with the sum 1.
 *
 * @param arrays Every weight that {@linkcode attentionWeights} names.
 * @param concepts Of shapes that have concepts.
 */
export function exportAttention(
  shape: AttentionShape,
  arrays: AttentionArrays,
  precision: DecoderPrecision,
  concepts?: ConceptArrays,
): { init: Uint8Array; step: Uint8Array } {
  return { init: initGraph(shape, arrays, precision, concepts), step: stepGraph(shape, arrays, precision) };
}

/** Regions, and concepts after them, that a decoder looks at. */
function placesOf({ regions, concepts }: Pick<AttentionShape, "regions" | "concepts">): number {
  return regions + (concepts?.slots ?? 0);
}

function initGraph(
  shape: AttentionShape,
  arrays: AttentionArrays,
  precision: DecoderPrecision,
  concepts: ConceptArrays | undefined,
): Uint8Array {
  const { regions, features, units } = shape;
  const g = new GraphBuilder("decoder_init");
  const w = weightsOf(g, shape, arrays);
  const grid = g.input("grid", "float32", ["images", regions, features]);
  const ofRegions = g.node("Relu", [g.node("Add", [g.node("MatMul", [grid, w("project_kernel")]), w("project_bias")])]);
  const mean = g.node("ReduceMean", [ofRegions], { axes: [1], keepdims: 1 });
  const fromRegions = g.node("MatMul", [mean, w("start_kernel")]);
  const found = concepts && appendConcepts(g, shape, concepts, grid, w);
  const values = found === undefined ? ofRegions : g.node("Concat", [ofRegions, found.values], { axis: 1 });
  const both = found === undefined ? fromRegions : g.node("Add", [fromRegions, found.start]);
  const keys = g.node("MatMul", [values, w("key_kernel")]);
  const start = g.node("Tanh", [g.node("Add", [both, w("start_bias")])]);
  const [hidden, cell] = g.nodes("Split", [start, g.ints([units, units])], 2, { axis: 2 });
  if (found !== undefined) g.output("concepts", found.probabilities, "float32", ["images", shape.concepts!.nouns]);
  g.output("keys", keys, "float32", ["images", placesOf(shape), units]);
  g.output("values", values, "float32", ["images", placesOf(shape), units]);
  g.output("hidden", hidden!, "float32", ["images", 1, units]);
  g.output("cell", cell!, "float32", ["images", 1, units]);
  g.output("mean", mean, "float32", ["images", 1, units]);
  storeWeights(g.graph, precision);
  return g.toBytes();
}

/** The likeliest nouns of a photo as places to look at, and what they add to the first state. */
function appendConcepts(
  g: GraphBuilder,
  { features, concepts }: AttentionShape,
  { head, vectors }: ConceptArrays,
  grid: Value,
  w: (name: AttentionWeightName) => Value,
): { probabilities: Value; values: Value; start: Value } {
  const { nouns, slots, vector } = concepts!;
  const pooled = g.node("ReduceMean", [grid], { axes: [1], keepdims: 0 });
  const [kernel, bias, ...ofClasses] = headWeights;
  const ofFeatures = g.node("MatMul", [pooled, g.weight(kernel, [features, nouns], head.kernel)]);
  const both = head.classes && g.node("Add", [ofFeatures, appendClasses(g, head.classes, pooled, ofClasses)]);
  const logits = g.node("Add", [both ?? ofFeatures, g.weight(bias, [nouns], head.bias)]);
  const probabilities = g.node("Sigmoid", [logits]);
  const [top, places] = g.nodes("TopK", [probabilities, g.ints([slots])], 2, { axis: 1, largest: 1, sorted: 1 });
  const known = g.node("Gather", [g.weight("concept_vectors", [nouns, vector], vectors), places!], { axis: 0 });
  const described = g.node("Concat", [known, g.node("Unsqueeze", [top!, g.ints([2])])], { axis: 2 });
  const values = g.node("Relu", [
    g.node("Add", [g.node("MatMul", [described, w("concept_kernel")]), w("concept_bias")]),
  ]);
  const mean = g.node("ReduceMean", [values], { axes: [1], keepdims: 1 });
  return { probabilities, values, start: g.node("MatMul", [mean, w("concept_start_kernel")]) };
}

/** The weights by which a classifier's classes add to the logits of the nouns. */
function appendClasses(
  g: GraphBuilder,
  { kernel, bias, weights }: ClassEvidence,
  pooled: Value,
  names: readonly [string, string, string],
): Value {
  const classes = bias.length;
  const scores = g.node("MatMul", [pooled, g.weight(names[0], [kernel.length / classes, classes], kernel)]);
  const found = g.node("Softmax", [g.node("Add", [scores, g.weight(names[1], [classes], bias)])], { axis: -1 });
  return g.node("MatMul", [found, g.weight(names[2], [classes, weights.length / classes], weights)]);
}

function stepGraph(shape: AttentionShape, arrays: AttentionArrays, precision: DecoderPrecision): Uint8Array {
  const { regions, units, vocabulary } = shape;
  const g = new GraphBuilder("decoder_step");
  const w = weightsOf(g, shape, arrays);
  const tokens = g.input("tokens", "int32", ["images", "beams"]);
  const keys = g.input("keys", "float32", ["images", placesOf(shape), units]);
  const values = g.input("values", "float32", ["images", placesOf(shape), units]);
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
  g.output("attention", ofRegions(g, shape, attention), "float32", ["images", "beams", regions]);
  storeWeights(g.graph, precision);
  return g.toBytes();
}

/** The attention of the regions alone, with the sum 1. */
function ofRegions(g: GraphBuilder, { concepts }: AttentionShape, attention: Value): Value {
  if (concepts === undefined) return attention;
  // Counted from the end, so that only the shapes of inputs and outputs contain the number of regions.
  const part = g.node("Slice", [attention, g.ints([0]), g.ints([-concepts.slots]), g.ints([2])]);
  return g.node("Div", [part, g.node("ReduceSum", [part, g.ints([2])], { keepdims: 1 })]);
}

function weightsOf(
  g: GraphBuilder,
  shape: AttentionShape,
  arrays: AttentionArrays,
): (name: AttentionWeightName) => Value {
  const shapes = new Map(attentionWeights(shape).map((spec) => [spec.name, spec.shape]));
  return (name) => g.weight(name, shapes.get(name)!, arrays.get(name)!);
}
