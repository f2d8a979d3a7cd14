/** Reads the quantised encoder's graph as a list of integer operations on images. */
import type { Graph, GraphNode } from "../../../src/export/graph.ts";
import type { GraphTensor } from "../../../src/export/tensor.ts";

/** An image between two operations: where its numbers come from, and what they mean. */
export interface Stored {
  readonly name: string;
  readonly size: number;
  readonly channels: number;
  readonly scale: number;
  readonly zero: number;
}

/** A convolution of the plan. */
export interface ConvolutionStep {
  readonly kind: "convolution";
  readonly node: GraphNode;
  readonly input: Stored;
  readonly output: Stored;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  /** `[output channel][input channel][row][column]`, as ONNX has them. */
  readonly weights: Int8Array;
  readonly biases: Int32Array;
  readonly weightScales: Float32Array;
}

/** The sum of two images, rounded to the scale of a third. */
export interface AdditionStep {
  readonly kind: "addition";
  readonly left: Stored;
  readonly right: Stored;
  readonly output: Stored;
}

/** The largest of 3x3 pixels, at every second pixel. */
export interface PoolStep {
  readonly kind: "pool";
  readonly input: Stored;
  readonly output: Stored;
}

/** What the encoder computes in integers. */
export interface Plan {
  readonly input: Stored;
  /** Subtracted from the three channels of a pixel. */
  readonly means: Float32Array;
  readonly steps: readonly (ConvolutionStep | AdditionStep | PoolStep)[];
  /** The images whose sum, cut off below 0, are the features. */
  readonly last: readonly [Stored, Stored];
}

/** Reads the plan of a graph that `quantise()` made from ResNet50. */
export function readPlan(graph: Graph, size = 224): Plan {
  const constant = (name: string): GraphTensor => {
    const found = graph.initializers.get(name);
    if (found === undefined) throw new Error(`The graph holds no constant "${name}".`);
    return found;
  };
  const images = new Map<string, Stored>();
  const store = (name: string, pixels: number, channels: number): Stored => {
    const scale = Number(constant(`${name}/scale`).data[0]);
    const image = { name, size: pixels, channels, scale, zero: Number(constant(`${name}/zero`).data[0]) };
    images.set(`${name}/read`, image);
    return image;
  };
  const input = store("Transpose", size, 3);
  const steps: (ConvolutionStep | AdditionStep | PoolStep)[] = [];
  let last: [Stored, Stored] | undefined;
  for (const node of graph.nodes) {
    const [first = "", second = "", third = ""] = node.inputs;
    const [name = ""] = node.outputs;
    if (node.op === "Conv") {
      const from = images.get(first)!;
      const tensorOf = (value: string, ending: string) => constant(value.replace(/_read$/, ending));
      const weights = tensorOf(second, "_stored");
      const [stride = 1] = node.attributes["strides"] as number[];
      const [pad = 0] = (node.attributes["pads"] ?? []) as number[];
      const [channels = 0, , kernel = 1] = weights.shape;
      steps.push({
        kind: "convolution",
        node,
        input: from,
        output: store(name, Math.floor((from.size + 2 * pad - kernel) / stride) + 1, channels),
        ...{ kernel, stride, pad },
        weights: weights.data as Int8Array,
        biases: tensorOf(third, "_stored").data as Int32Array,
        weightScales: tensorOf(second, "_scales").data as Float32Array,
      });
    } else if (node.op === "MaxPool") {
      const from = images.get(first)!;
      steps.push({ kind: "pool", input: from, output: store(name, from.size / 2, from.channels) });
    } else if (node.op === "Add") {
      const [left, right] = [images.get(first)!, images.get(second)!];
      if (graph.initializers.has(`${name}/scale`)) {
        steps.push({ kind: "addition", left, right, output: store(name, left.size, left.channels) });
      } else last = [left, right];
    }
  }
  if (last === undefined) throw new Error("The graph does not end with a sum.");
  const subtraction = graph.nodes.find(({ op }) => op === "Sub")!;
  return { input, means: constant(subtraction.inputs[1]!).data as Float32Array, steps, last };
}

/** Products of a weight and an activation that a convolution needs, without any that a kernel adds. */
export function macsOf({ output, input, kernel }: ConvolutionStep): number {
  return output.size ** 2 * output.channels * input.channels * kernel ** 2;
}

/** A convolution's shape, the same for all that take the same time. */
export function shapeOf({ input, output, kernel, stride }: ConvolutionStep): string {
  const step = stride === 1 ? "" : ` stride ${stride}`;
  return `${kernel}x${kernel}${step}, ${input.channels} to ${output.channels} at ${output.size}x${output.size}`;
}
