import { EdgecapError } from "../errors.ts";
import type { Graph } from "./graph.ts";
import { tensor } from "./tensor.ts";

/**
 * Makes an encoder graph take pictures of another size, in place: a convolutional network minds no size, only the
 * shapes written down around it do.
 *
 * @param graph A graph that resnet50Encoder() made, quantised or not.
 * @param size Side of the picture in pixels, from 32.
 * @throws {EdgecapError} `layer-unsupported` where the graph does not end in a reshape to regions.
 */
export function resizeEncoder(graph: Graph, size: number): void {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  const features = output?.shape?.[2];
  const reshape = graph.nodes.find(({ op, outputs }) => op === "Reshape" && outputs[0] === output?.name);
  const lengths = reshape?.inputs[1];
  if (input === undefined || output === undefined || typeof features !== "number" || lengths === undefined) {
    throw new EdgecapError(
      "layer-unsupported",
      `The graph "${graph.name}" does not end in a reshape to regions, so its picture size cannot be changed.`,
    );
  }
  // ResNet50 halves a side five times, rounding up.
  const side = Math.ceil(size / 32);
  graph.inputs[0] = { ...input, shape: ["batch", size, size, 3] };
  graph.outputs[0] = { ...output, shape: ["batch", side * side, features] };
  graph.initializers.set(lengths, tensor("int64", [3], [-1, side * side, features]));
}
