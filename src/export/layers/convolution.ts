import type { Attribute } from "../graph.ts";
import { applyActivation } from "./activation.ts";
import {
  asPlanes,
  type Converted,
  constantOf,
  type LayerCall,
  type LayerFamily,
  onlyInput,
  pairOption,
  refuse,
  requireChannelsLast,
  textOption,
  weightOf,
} from "./layer_call.ts";

/** ONNX's `auto_pad` for tfjs's padding: both put the odd pixel of `same` at the end. */
export function paddingAttribute(call: LayerCall): Record<string, Attribute> {
  const padding = textOption(call, "padding", "valid");
  if (padding === "valid") return {};
  if (padding === "same") return { auto_pad: "SAME_UPPER" };
  return refuse(call, "padding", 'use "valid" or "same"');
}

/** Padding of a convolution; onnxruntime has no `auto_pad` for kernels with holes, so theirs is counted out here. */
function convolutionPadding(call: LayerCall, kernel: readonly number[]): Record<string, Attribute> {
  const automatic = paddingAttribute(call);
  const holes = pairOption(call, "dilationRate", 1);
  if (automatic.auto_pad === undefined || Math.max(...holes) === 1) return automatic;
  // tfjs wants a stride of 1 with holes, and so the size of the picture does not matter.
  const totals = holes.map((rate, axis) => ((kernel[axis] ?? 1) - 1) * rate);
  return { pads: [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))] };
}

/**
 * Reorders a kernel from tfjs's [height, width, from, to] to ONNX's [to, from, height, width].
 *
 * @param shape Lengths in tfjs's order.
 */
export function kernelToPlanes(shape: readonly number[], data: Float32Array): Float32Array {
  const [height = 1, width = 1, from = 1, to = 1] = shape;
  const moved = new Float32Array(data.length);
  for (let place = 0; place < height * width; place++) {
    for (let source = 0; source < from; source++) {
      for (let target = 0; target < to; target++) {
        moved[(target * from + source) * height * width + place] = data[(place * from + source) * to + target]!;
      }
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
  const attributes = {
    group: groups,
    kernel_shape: shape.slice(2),
    strides: pairOption(call, "strides", 1),
    dilations: pairOption(call, "dilationRate", 1),
    ...convolutionPadding(call, shape.slice(2)),
  };
  const value = graph.node("Conv", [asPlanes(graph, onlyInput(call)), ...weights], attributes, { name });
  return applyActivation(call, { value, layout: "planes" });
}

/** Converters of the convolutions over pictures. */
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
    // Seen as one source and from x multiplier targets, the depthwise kernel lies as an ordinary one.
    const kernel = kernelToPlanes([height, width, 1, from * multiplier], data);
    return convolve(call, [from * multiplier, 1, height, width], kernel, from);
  },
};
