import { type Graph, halveWeights, quantiseStoredWeights } from "../../export/mod.ts";

/** How the weights of a decoder are stored; computation is always in float32. */
export type DecoderPrecision = "fp32" | "fp16" | "int8";

/** The matrices of the head that finds concepts need no finer steps: it is fitted to a few thousand photos. */
const coarse: ReadonlySet<string> = new Set(["concept_head_kernel", "concept_class_kernel", "concept_class_weights"]);

/**
 * Stores a finished graph's weights in a precision, in place. The head that finds concepts is stored in int8, except
 * with fp32.
 */
export function storeWeights(graph: Graph, precision: DecoderPrecision): void {
  if (precision !== "fp32") quantiseStoredWeights(graph, (name) => coarse.has(name));
  if (precision === "fp16") halveWeights(graph);
  if (precision === "int8") quantiseStoredWeights(graph);
}
