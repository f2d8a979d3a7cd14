import { type Graph, halveWeights, quantiseStoredWeights } from "../export/mod.ts";

/** How the weights of a decoder are stored; computation is in float32 whichever it is. */
export type DecoderPrecision = "fp32" | "fp16" | "int8";

/** Stores a finished graph's weights in a precision, in place. */
export function storeWeights(graph: Graph, precision: DecoderPrecision): void {
  if (precision === "fp16") halveWeights(graph);
  if (precision === "int8") quantiseStoredWeights(graph);
}
