import type { Attribute } from "../graph.ts";
import { type LayerCall, onlyInput, refuse, textOption } from "./layer_call.ts";

/** The window that moves over an image: height before width. */
export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
}

/** Total number of pixels that `same` adds along an axis; `undefined` if that depends on an unknown length. */
function added(length: number | null, size: number, stride: number, dilation: number): number | undefined {
  const reach = (size - 1) * dilation + 1;
  if (length !== null) return Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
  if (stride === 1) return reach - 1;
  return reach === 1 ? 0 : undefined;
}

/**
 * ONNX's attributes for a layer's option `padding`. With `same` the odd pixel goes to the end, as in tfjs.
 *
 * The pixels are computed if possible, because onnxruntime's own `auto_pad` refuses dilated windows and windows
 * smaller than their stride.
 *
 * @throws {EdgecapError} `layer-unsupported` for a padding that is neither `valid` nor `same`, or that depends on a
 *   image size that is open in a way that ONNX cannot express.
 */
export function paddingAttributes(call: LayerCall, window: Window): Record<string, Attribute> {
  const padding = textOption(call, "padding", "valid");
  if (padding === "valid") return {};
  if (padding !== "same") return refuse(call, "padding", 'use "valid" or "same"');
  const { size, strides, dilations } = window;
  const [, height = null, width = null] = onlyInput(call).shape;
  const rows = added(height, size[0], strides[0], dilations[0]);
  const columns = added(width, size[1], strides[1], dilations[1]);
  if (rows !== undefined && columns !== undefined) {
    const both = [rows, columns];
    return { pads: [...both.map((total) => Math.floor(total / 2)), ...both.map((total) => Math.ceil(total / 2))] };
  }
  if (Math.max(...dilations) > 1 || size[0] < strides[0] || size[1] < strides[1]) {
    refuse(call, "padding", "give the model a fixed image size");
  }
  return { auto_pad: "SAME_UPPER" };
}
