/**
 * Operators that multiply 8-bit integers, in either form of ONNX. Weights that are only stored in 8 bits do not need
 * them.
 */
const integerProducts = ["QuantizeLinear", "QLinear", "MatMulInteger", "ConvInteger"];

/** Whether a graph multiplies 8-bit integers. Other graphs compute in float32, however their weights are stored. */
export function hasIntegerProducts(graph: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(graph);
  return integerProducts.some((operator) => text.includes(operator));
}

/**
 * onnxruntime's session options for graphs that compute in float32: weights that are stored in 8 bits are widened once,
 * when the graph is opened. By default onnxruntime widens them in every run.
 */
export const widenedWeights = { extra: { session: { disable_quant_qdq: "1" } } };
