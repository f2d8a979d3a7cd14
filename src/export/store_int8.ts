import type { Graph, GraphNode } from "./graph.ts";
import { quantiseChannels } from "./quantise_weights.ts";
import { type GraphTensor, tensor } from "./tensor.ts";

// Least number of elements; a smaller constant is not worth an extra node.
const smallest = 1024;

/**
 * Stores a graph's large matrices as int8, in place: a quarter of the bytes on disk.
 *
 * Every matrix gets a scale per column (per row if a `Gather` reads it, or if it is transposed after a leading 1, as
 * recurrent operators expect it). A `DequantizeLinear` widens it again, so nodes compute in float32 as before. Vectors
 * and constants of fewer than 1,024 elements stay as they are.
 *
 * @param chosen Whether to store a weight in int8, by its name. Default: all.
 */
export function quantiseStoredWeights(graph: Graph, chosen: (name: string) => boolean = () => true): void {
  const widened: GraphNode[] = [];
  for (const [name, weights] of [...graph.initializers]) {
    if (weights.type !== "float32" || weights.data.length < smallest || !chosen(name)) continue;
    const axis = channelAxis(graph, name, weights.shape);
    if (axis === undefined) continue;
    const { stored, scales } = quantiseAlong(weights, axis);
    graph.initializers.delete(name);
    graph.initializers.set(`${name}/int8`, stored);
    graph.initializers.set(`${name}/scales`, tensor("float32", [scales.length], scales));
    widened.push({
      op: "DequantizeLinear",
      domain: "",
      name: `${name}/widened`,
      inputs: [`${name}/int8`, `${name}/scales`],
      outputs: [name],
      attributes: { axis },
    });
  }
  graph.nodes.unshift(...widened);
}

/** The axis of a weight that counts channels; `undefined` if it is not a matrix. */
function channelAxis(graph: Graph, name: string, shape: readonly number[]): number | undefined {
  if (shape.length === 3 && shape[0] === 1) return 1;
  if (shape.length !== 2) return undefined;
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
  const byRow = readers.some(({ op, attributes }) => op === "Gather" || (op === "Gemm" && attributes["transB"] === 1));
  return byRow ? 0 : 1;
}

function quantiseAlong(weights: GraphTensor, axis: number): { stored: GraphTensor; scales: Float32Array } {
  const data = weights.data as Float32Array;
  if (weights.shape.length === 3) {
    const [, rows = 1, columns = 1] = weights.shape;
    const { stored, scales } = quantiseChannels({ type: "float32", shape: [rows, columns], data });
    return { stored: tensor("int8", weights.shape, stored.data as Int8Array), scales };
  }
  if (axis === 0) return quantiseChannels({ ...weights, data });
  const [rows = 1, columns = 1] = weights.shape;
  const turned = quantiseChannels({ type: "float32", shape: [columns, rows], data: transposed(data, rows, columns) });
  const back = transposed(turned.stored.data as Int8Array, columns, rows);
  return { stored: tensor("int8", weights.shape, back), scales: turned.scales };
}

function transposed<T extends Float32Array | Int8Array>(data: T, rows: number, columns: number): T {
  const turned = new (data.constructor as new (length: number) => T)(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column]!;
  }
  return turned;
}
