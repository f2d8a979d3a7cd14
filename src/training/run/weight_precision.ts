import { type Graph, halveWeights, quantiseStoredWeights } from "../../export/mod.ts";

/** How the weights of a decoder are stored; computation is always in float32. */
export type DecoderPrecision = "fp32" | "fp16" | "int8";

/**
 * Matrices that fp16 bundles store in int8: those of the head that finds concepts, and the one that projects the
 * encoder's features. With it in int8 instead of fp16, 6 of 300 captions of dev photos differ.
 */
const coarse: ReadonlySet<string> = new Set([
  "concept_head_kernel",
  "concept_class_kernel",
  "concept_class_weights",
  "project_kernel",
]);

/**
 * Stores a finished graph's weights in a precision, in place. With fp16, some matrices are stored in int8.
 */
export function storeWeights(graph: Graph, precision: DecoderPrecision): void {
  if (precision !== "fp32") quantiseStoredWeights(graph, (name) => coarse.has(name));
  if (precision === "fp16") halveWeights(graph);
  if (precision === "int8") quantiseStoredWeights(graph);
}
