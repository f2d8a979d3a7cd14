import { EdgecapError } from "../../errors.ts";
import { copyGraph, dropUnreadInitializers, type Graph, type GraphNode } from "../../export/graph.ts";
import { kernelToPlanes, planesToKernel } from "../../export/layers/convolution.ts";
import { encodeModel } from "../../export/onnx_proto.ts";
import { tensor } from "../../export/tensor.ts";
import { tf } from "../tensorflow.ts";

/**
 * ResNet50's last stage (res5: He et al., 2016), three blocks that turn 7x7 regions of 1,024 features into 7x7 of
 * 2,048, as weights that learn with the decoder. Batch normalisation is folded into the kernels, as in the encoder's
 * graph.
 */
const convolutions = [
  "res5a_branch2a",
  "res5a_branch2b",
  "res5a_branch2c",
  "res5a_branch1",
  "res5b_branch2a",
  "res5b_branch2b",
  "res5b_branch2c",
  "res5c_branch2a",
  "res5c_branch2b",
  "res5c_branch2c",
] as const;

type Convolution = (typeof convolutions)[number];

/** A kernel or bias of the last stage. */
export type LastStageWeightName = `${Convolution}_${"kernel" | "bias"}`;

/** Whether a weight of a training run is one of the encoder's last stage. */
export function isOfLastStage(name: string): name is LastStageWeightName {
  return convolutions.some((convolution) => name.startsWith(`${convolution}_`));
}

/** Weights of the last stage, as tfjs tensors. */
export type LastStageWeights = Readonly<Record<LastStageWeightName, tf.Tensor>>;

/** Sizes of the last stage. */
export interface LastStageShape {
  /** Features of a region that enter it (1,024 for ResNet50). */
  readonly stem: number;
  /** Features of a region that leave it, a multiple of 4 (2,048 for ResNet50). */
  readonly features: number;
}

/**
 * Name and shape of every weight: kernels [rows, columns, inputs, outputs], or [inputs, outputs] if they see one
 * region.
 */
export function lastStageShapes({ stem, features }: LastStageShape): { name: LastStageWeightName; shape: number[] }[] {
  const narrow = features / 4;
  return convolutions.flatMap((name) => {
    const first = name.startsWith("res5a") ? stem : features;
    const kernel = name.endsWith("2b")
      ? [3, 3, narrow, narrow]
      : name.endsWith("2c")
        ? [narrow, features]
        : [first, name.endsWith("2a") ? narrow : features];
    return [
      { name: `${name}_kernel` as const, shape: kernel },
      { name: `${name}_bias` as const, shape: [kernel.at(-1)!] },
    ];
  });
}

/**
 * The last stage on a batch of photos.
 *
 * @param stem What enters it, [photos, regions, stem]; the regions are a square.
 * @returns [photos, regions, features]
 */
export function runLastStage(weights: LastStageWeights, stem: tf.Tensor3D): tf.Tensor3D {
  const [photos, regions] = stem.shape;
  const side = Math.sqrt(regions);
  const one = (x: tf.Tensor, name: Convolution) =>
    tf.add(tf.matMul(x as tf.Tensor2D, weights[`${name}_kernel`] as tf.Tensor2D), weights[`${name}_bias`]);
  const nine = (x: tf.Tensor, name: Convolution) => {
    // One matrix product over the nine shifts: not every backend of tfjs has a convolution's gradient.
    const inputs = x.shape[1]!;
    const padded = tf.pad(tf.reshape(x, [photos, side, side, inputs]), [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    const shifts = [0, 1, 2].flatMap((row) =>
      [0, 1, 2].map((column) => tf.slice(padded, [0, row, column, 0], [photos, side, side, inputs])),
    );
    const around = tf.reshape(tf.concat(shifts, 3), [photos * regions, 9 * inputs]) as tf.Tensor2D;
    const kernel = tf.reshape(weights[`${name}_kernel`], [9 * inputs, -1]) as tf.Tensor2D;
    return tf.add(tf.matMul(around, kernel), weights[`${name}_bias`]);
  };
  const block = (x: tf.Tensor, name: "res5a" | "res5b" | "res5c", shortcut: tf.Tensor) => {
    const narrow = tf.relu(one(x, `${name}_branch2a`));
    const mixed = tf.relu(nine(narrow, `${name}_branch2b`));
    return tf.relu(tf.add(one(mixed, `${name}_branch2c`), shortcut));
  };
  const flat = tf.reshape(stem, [photos * regions, -1]);
  const a = block(flat, "res5a", one(flat, "res5a_branch1"));
  const b = block(a, "res5b", a);
  return tf.reshape(block(b, "res5c", b), [photos, regions, -1]);
}

/**
 * Reads the last stage's weights from an encoder graph in float32.
 *
 * @throws {EdgecapError} `data-invalid` if the graph is not such an encoder.
 */
export function readLastStage(encoder: Graph): Map<LastStageWeightName, Float32Array> {
  const weights = new Map<LastStageWeightName, Float32Array>();
  for (const name of convolutions) {
    const [kernel, bias] = constantsOf(encoder, name).map((constant) => encoder.initializers.get(constant));
    if (!(kernel?.data instanceof Float32Array) || !(bias?.data instanceof Float32Array)) {
      throw notResnet(encoder, `the weights of "${name}" are not in float32`);
    }
    weights.set(`${name}_kernel`, planesToKernel(kernel.shape, kernel.data));
    weights.set(`${name}_bias`, bias.data.slice());
  }
  return weights;
}

/**
 * The encoder graph with other weights in its last stage.
 *
 * @param weights Every weight that {@linkcode lastStageShapes} names; others are ignored.
 * @throws {EdgecapError} `data-invalid` if the graph is not such an encoder.
 */
export function withLastStage(encoder: Graph, weights: ReadonlyMap<string, Float32Array>): Graph {
  const graph = copyGraph(encoder);
  for (const name of convolutions) {
    const [kernelName, biasName] = constantsOf(graph, name);
    const { shape } = graph.initializers.get(kernelName)!;
    const [outputs = 1, inputs = 1, rows = 1, columns = 1] = shape;
    graph.initializers.set(
      kernelName,
      tensor("float32", shape, kernelToPlanes([rows, columns, inputs, outputs], weights.get(`${name}_kernel`)!)),
    );
    graph.initializers.set(biasName, tensor("float32", [outputs], weights.get(`${name}_bias`)!));
  }
  return graph;
}

/** Number of grids that {@linkcode beforeLastStage} gives for a picture. */
export const gridsBeforeLastStage = 4;

/**
 * The encoder without its last stage: `pixels` -> `grid` [4 * batch, regions, stem], what the last stage reads.
 *
 * Its first convolutions read every second row and column. The first grid of a picture is what they read. The other
 * three begin a column, a row or both later: they show the picture moved by half a region, at no cost.
 *
 * @throws {EdgecapError} `data-invalid` if the graph is not such an encoder.
 */
export function beforeLastStage(encoder: Graph): Uint8Array {
  const graph = copyGraph(encoder);
  const first = convolution(graph, "res5a_branch2a");
  const source = first.inputs[0]!;
  const stem = graph.initializers.get(first.inputs[1]!)!.shape[1]!;
  const [output] = graph.outputs;
  const regions = output?.shape?.[1];
  if (typeof regions !== "number") throw notResnet(graph, "the number of regions in its output is unknown");
  const constant = (name: string, values: readonly number[]) => {
    graph.initializers.set(name, tensor("int64", [values.length], BigInt64Array.from(values, BigInt)));
    return name;
  };
  const node = (op: string, inputs: string[], made: string, attributes: GraphNode["attributes"] = {}): GraphNode => ({
    ...{ op, domain: "", name: made, inputs, outputs: [made], attributes },
  });
  graph.nodes = graph.nodes.slice(0, graph.nodes.indexOf(first));
  const side = Math.sqrt(regions);
  const twice = { starts: [0, 0], ends: [2 * side, 2 * side], axes: [2, 3] };
  graph.nodes.push(
    // With an odd number of rows, the grids that begin later lack the last row.
    node("Pad", [source, constant("stem/pads", [0, 0, 0, 0, 0, 0, 1, 1])], "stem/padded", { mode: "edge" }),
    node(
      "Slice",
      ["stem/padded", ...Object.entries(twice).map(([name, values]) => constant(`stem/${name}`, values))],
      "stem/picture",
    ),
    node("Reshape", ["stem/picture", constant("stem/pairs", [-1, stem, side, 2, side, 2])], "stem/paired"),
    node("Transpose", ["stem/paired"], "stem/grids", { perm: [0, 3, 5, 2, 4, 1] }),
    node("Reshape", ["stem/grids", constant("stem/shape", [-1, regions, stem])], output!.name),
  );
  graph.outputs = [{ ...output!, shape: ["grids", regions, stem] }];
  dropUnreadInitializers(graph);
  return encodeModel(graph);
}

function convolution(graph: Graph, name: Convolution): GraphNode {
  const node = graph.nodes.find(({ op, name: found }) => op === "Conv" && found === `/${name}`);
  if (node === undefined) throw notResnet(graph, `it has no convolution "${name}"`);
  return node;
}

function constantsOf(graph: Graph, name: Convolution): [kernel: string, bias: string] {
  const { inputs } = convolution(graph, name);
  return [inputs[1] ?? "", inputs[2] ?? ""];
}

function notResnet(graph: Graph, why: string): EdgecapError {
  return new EdgecapError(
    "data-invalid",
    `The last stage of "${graph.name}" cannot be trained: ${why}. Give ResNet50 in float32, as scripts/model/encoder.ts makes it.`,
  );
}
