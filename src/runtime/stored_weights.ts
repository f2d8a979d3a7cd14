/**
 * Operators that multiply 8-bit integers, in either form of ONNX. Weights that are only stored in 8 bits do not need
 * them.
 */
const integerProducts = ["QuantizeLinear", "QLinear", "MatMulInteger", "ConvInteger"];

/** Bytes to look at together: as one text, the largest graphs would take hundreds of megabytes. */
const chunk = 65_536;

/** Whether a graph multiplies 8-bit integers. Other graphs compute in float32, however their weights are stored. */
export function hasIntegerProducts(graph: Uint8Array): boolean {
  const decoder = new TextDecoder("latin1");
  const longest = Math.max(...integerProducts.map(({ length }) => length));
  for (let start = 0; start < graph.length; start += chunk) {
    // A name may begin in one chunk and end in the next.
    const text = decoder.decode(graph.subarray(start, start + chunk + longest - 1));
    if (integerProducts.some((operator) => text.includes(operator))) return true;
  }
  return false;
}

/**
 * onnxruntime's session options for graphs that compute in float32: weights that are stored in 8 bits are widened once,
 * when the graph is opened. By default onnxruntime widens them in every run. They are new in each call, because
 * onnxruntime-web adds options of its own to the object that it gets.
 */
export function widenedWeights() {
  return { extra: { session: { disable_quant_qdq: "1" } } };
}
