import { toFloat16 } from "./float16.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { tensor, typeCode } from "./tensor.ts";

// Least number of elements; a smaller constant is not worth an extra node.
const smallest = 256;

/**
 * Stores a graph's float32 weights as float16, in place: half the bytes on disk.
 *
 * A `Cast` widens every weight again; onnxruntime runs it once, when it loads the graph, so nodes compute in
 * float32 as before. Constants of fewer than 256 elements stay as they are, and so do the scales of 8-bit weights.
 */
export function halveWeights(graph: Graph): void {
  const casts: GraphNode[] = [];
  const scales = new Set(graph.nodes.filter(({ op }) => op === "DequantizeLinear").map(({ inputs }) => inputs[1]));
  for (const [name, { type, shape, data }] of [...graph.initializers]) {
    if (type !== "float32" || data.length < smallest || scales.has(name)) continue;
    const stored = `${name}/half`;
    graph.initializers.delete(name);
    graph.initializers.set(stored, tensor("float16", shape, toFloat16(data as Float32Array)));
    const attributes = { to: typeCode("float32") };
    casts.push({ op: "Cast", domain: "", name: `${name}/widened`, inputs: [stored], outputs: [name], attributes });
  }
  graph.nodes.unshift(...casts);
}
