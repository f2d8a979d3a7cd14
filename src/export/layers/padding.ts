import type { Attribute } from "../graph.ts";
import { type LayerCall, onlyInput, refuse, textOption } from "./layer_call.ts";

/** The window that moves over a picture: height before width. */
export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
}

/** How many pixels `same` adds along an axis in all, or `undefined` where that depends on an open length. */
function added(length: number | null, size: number, stride: number, dilation: number): number | undefined {
  const reach = (size - 1) * dilation + 1;
  if (length !== null) return Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
  if (stride === 1) return reach - 1;
  return reach === 1 ? 0 : undefined;
}

/**
 * ONNX's attributes for a layer's option `padding`. With `same` the odd pixel goes to the end, as in tfjs.
 *
 * The pixels are counted out wherever they can be: onnxruntime's own `auto_pad` refuses windows with holes and windows
 * smaller than their stride.
 *
 * @throws {EdgecapError} `layer-unsupported` for a padding that is neither `valid` nor `same`, or that depends on a
 *   picture size that is left open in a way that ONNX cannot follow.
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
    refuse(call, "padding", "give the model's pictures a fixed size");
  }
  return { auto_pad: "SAME_UPPER" };
}
