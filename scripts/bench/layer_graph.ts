/** The layers of the encoder, and one as an ONNX graph of its own. */
import { GraphBuilder, type Value } from "../../src/export/graph_builder.ts";
import { tensor } from "../../src/export/tensor.ts";
import type { ConvolutionStep } from "../../src/runtime/rust/plan.ts";

/** Name of the graph's input: the stored image, channels last. */
export const inputName = "image";

/**
 * Builds the graph: quantise and dequantise pairs around a convolution, as in the encoder.
 *
 * Images come and go with the channels last, so that onnxruntime needs no transposition around its kernel. One pixel
 * alone is an output, so that the copy of the result into JavaScript's memory does not count.
 *
 * @param step `undefined` leaves the convolution out: what remains is onnxruntime's own work around it.
 */
export function layerGraph(input: ConvolutionStep["input"], step: ConvolutionStep | undefined): Uint8Array {
  const g = new GraphBuilder("layer");
  const image = g.input(inputName, "uint8", [1, input.size, input.size, input.channels]);
  const result = step === undefined ? image : convolution(g, image, step);
  const [starts, ends, axes] = [g.ints([0, 0]), g.ints([1, 1]), g.ints([1, 2])];
  const corner = g.node("Slice", [result, starts, ends, axes]);
  g.output("corner", corner, "uint8", [1, 1, 1, (step?.output ?? input).channels]);
  return g.toBytes();
}

function convolution(g: GraphBuilder, image: Value, step: ConvolutionStep): Value {
  const { input, output, kernel, stride, pad, weights, biases, weightScales } = step;
  const channels = output.channels;
  const pair = (stored: { scale: number; zero: number }) => [
    g.initializer("scale", tensor("float32", [], [stored.scale])),
    g.initializer("zero", tensor("uint8", [], [stored.zero])),
  ];
  const planes = g.node("Transpose", [image], { perm: [0, 3, 1, 2] });
  const read = g.node("DequantizeLinear", [planes, ...pair(input)]);
  const kernelRead = g.node(
    "DequantizeLinear",
    [
      g.initializer("kernel", tensor("int8", [channels, input.channels, kernel, kernel], weights)),
      g.initializer("kernel_scales", tensor("float32", [channels], weightScales)),
      g.initializer("kernel_zeros", tensor("int8", [channels], new Int8Array(channels))),
    ],
    { axis: 0 },
  );
  const biasScales = weightScales.map((scale) => scale * input.scale);
  const biasRead = g.node(
    "DequantizeLinear",
    [
      g.initializer("bias", tensor("int32", [channels], biases)),
      g.initializer("bias_scales", tensor("float32", [channels], biasScales)),
      g.initializer("bias_zeros", tensor("int32", [channels], new Int32Array(channels))),
    ],
    { axis: 0 },
  );
  const sums = g.node("Conv", [read, kernelRead, biasRead], {
    group: 1,
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    dilations: [1, 1],
    pads: [pad, pad, pad, pad],
  });
  return g.node("Transpose", [g.node("QuantizeLinear", [sums, ...pair(output)])], { perm: [0, 2, 3, 1] });
}

/** Multiplications that a convolution needs, without those that a kernel adds. */
export function macsOf({ output, input, kernel }: ConvolutionStep): number {
  return output.size ** 2 * output.channels * input.channels * kernel ** 2;
}

/** A convolution's shape, the same for all that take the same time. */
export function shapeOf({ input, output, kernel, stride }: ConvolutionStep): string {
  const step = stride === 1 ? "" : ` stride ${stride}`;
  return `${kernel}x${kernel}${step}, ${input.channels} to ${output.channels} at ${output.size}x${output.size}`;
}
