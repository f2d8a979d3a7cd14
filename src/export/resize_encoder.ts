import { EdgecapError } from "../errors.ts";
import type { Graph } from "./graph.ts";
import { tensor } from "./tensor.ts";

/**
 * The same encoder for pictures of another size: convolutions fit any size, and only the ends of the graph contain
 * lengths.
 *
 * @param graph Encoder graph as {@linkcode resnet50Encoder} makes it, or as it is after quantising.
 * @param size Side of a picture in pixels, 32 or more; a region of the grid is 32 pixels wide, the last perhaps less.
 * @returns A graph that shares its weights with the one given.
 * @throws {EdgecapError} `data-invalid` if the graph is not such an encoder.
 */
export function resizeEncoder(graph: Graph, size: number): Graph {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  const reshape = graph.nodes.find(({ op, outputs }) => op === "Reshape" && outputs[0] === output?.name);
  const lengths = reshape?.inputs[1];
  const features = output?.shape?.[2];
  if (input?.shape?.length !== 4 || lengths === undefined || typeof features !== "number") {
    throw new EdgecapError(
      "data-invalid",
      `The graph "${graph.name}" is not an encoder: it should take [batch, size, size, 3] and end in a Reshape to [batch, regions, features].`,
    );
  }
  const regions = Math.ceil(size / 32) ** 2;
  return {
    ...graph,
    inputs: [{ ...input, shape: ["batch", size, size, 3] }],
    outputs: [{ ...output!, shape: ["batch", regions, features] }],
    initializers: new Map(graph.initializers).set(
      lengths,
      tensor("int64", [3], BigInt64Array.of(-1n, BigInt(regions), BigInt(features))),
    ),
  };
}
