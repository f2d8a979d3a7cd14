import { applyActivation } from "./activation.ts";
import {
  asPlanes,
  type Converted,
  constantOf,
  type LayerCall,
  type LayerFamily,
  onlyInput,
  pairOption,
  requireChannelsLast,
  weightOf,
} from "./layer_call.ts";
import { paddingAttributes } from "./padding.ts";

/**
 * Reorders a kernel from tfjs's [height, width, from, to] to ONNX's [to, from, height, width].
 *
 * @param shape Lengths in tfjs's order.
 */
export function kernelToPlanes(shape: readonly number[], data: Float32Array): Float32Array {
  const [height = 1, width = 1, from = 1, to = 1] = shape;
  return reversed(data, [height * width, from, to]);
}

/**
 * The inverse of {@linkcode kernelToPlanes}.
 *
 * @param shape Lengths in ONNX's order.
 */
export function planesToKernel(shape: readonly number[], data: Float32Array): Float32Array {
  const [to = 1, from = 1, height = 1, width = 1] = shape;
  return reversed(data, [to, from, height * width]);
}

/** Moves the last of three axes to the front. */
function reversed(data: Float32Array, [first, second, third]: readonly [number, number, number]): Float32Array {
  const moved = new Float32Array(data.length);
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      for (let c = 0; c < third; c++) moved[(c * second + b) * first + a] = data[(a * second + b) * third + c]!;
    }
  }
  return moved;
}

function convolve(call: LayerCall, shape: readonly number[], kernel: Float32Array, groups: number): Converted {
  requireChannelsLast(call);
  const { graph, name } = call;
  const weights = [constantOf(call, "kernel", shape, kernel)];
  if (call.config.useBias !== false) {
    const bias = weightOf(call, "bias");
    weights.push(constantOf(call, "bias", bias.shape, bias.data));
  }
  const [, , height = 1, width = 1] = shape;
  const strides = pairOption(call, "strides", 1);
  const dilations = pairOption(call, "dilationRate", 1);
  const padding = paddingAttributes(call, { size: [height, width], strides, dilations });
  const attributes = { group: groups, kernel_shape: [height, width], strides, dilations, ...padding };
  const value = graph.node("Conv", [asPlanes(graph, onlyInput(call)), ...weights], attributes, { name });
  return applyActivation(call, { value, layout: "planes" });
}

/** Converters of two-dimensional convolutions. */
export const convolutionLayers: LayerFamily = {
  Conv2D: (call) => {
    const { shape, data } = weightOf(call, "kernel");
    const [height = 1, width = 1, from = 1, to = 1] = shape;
    const channels = onlyInput(call).shape[3] ?? from;
    return convolve(call, [to, from, height, width], kernelToPlanes(shape, data), channels / from);
  },
  DepthwiseConv2D: (call) => {
    const { shape, data } = weightOf(call, "depthwise_kernel");
    const [height = 1, width = 1, from = 1, multiplier = 1] = shape;
    // With one source and from x multiplier targets, a depthwise kernel has the layout of an ordinary one.
    const kernel = kernelToPlanes([height, width, 1, from * multiplier], data);
    return convolve(call, [from * multiplier, 1, height, width], kernel, from);
  },
};
