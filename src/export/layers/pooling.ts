import type { Attribute } from "../graph.ts";
import {
  asPlanes,
  asRows,
  type LayerConverter,
  type LayerFamily,
  onlyInput,
  pairOption,
  requireChannelsLast,
} from "./layer_call.ts";
import { paddingAttributes } from "./padding.ts";

function windowed(operation: string, attributes: Record<string, Attribute> = {}): LayerConverter {
  return (call) => {
    requireChannelsLast(call);
    const { graph, name } = call;
    const size = pairOption(call, "poolSize", 2);
    const strides = call.config.strides == null ? size : pairOption(call, "strides");
    const padding = paddingAttributes(call, { size, strides, dilations: [1, 1] });
    const all = { kernel_shape: size, strides, ...padding, ...attributes };
    return { value: graph.node(operation, [asPlanes(graph, onlyInput(call))], all, { name }), layout: "planes" };
  };
}

/** Pooling over the steps of a sequence, as over an image that is one pixel wide. */
function windowedSteps(operation: string, attributes: Record<string, Attribute> = {}): LayerConverter {
  return (call) => {
    const { graph, name } = call;
    const input = onlyInput(call);
    const [size] = pairOption(call, "poolSize", 2);
    const stride = call.config.strides == null ? size : pairOption(call, "strides")[0];
    const [batch = null, steps = null, channels = null] = input.shape;
    const picture = {
      value: graph.node("Unsqueeze", [asRows(graph, input), graph.ints([2])]),
      layout: "rows" as const,
      shape: [batch, steps, 1, channels],
    };
    const window = { size: [size, 1], strides: [stride, 1], dilations: [1, 1] } as const;
    const padding = paddingAttributes({ ...call, inputs: [picture] }, window);
    const all = { kernel_shape: window.size, strides: window.strides, ...padding, ...attributes };
    const pooled = graph.node(operation, [asPlanes(graph, picture)], all, { name });
    const rows = asRows(graph, { ...picture, value: pooled, layout: "planes" });
    return { value: graph.node("Squeeze", [rows, graph.ints([2])]), layout: "rows" };
  };
}

/**
 * Pooling over an entire image, or over all steps of a sequence: a reduction of the axes between batch and channels.
 */
function global(operation: "ReduceMean" | "ReduceMax"): LayerConverter {
  return (call) => {
    requireChannelsLast(call);
    const { graph, name } = call;
    const input = onlyInput(call);
    const value = input.layout === "planes" ? input.value : asRows(graph, input);
    const pictures = input.shape.length === 4;
    const axes = !pictures ? [1] : input.layout === "planes" ? [2, 3] : [1, 2];
    return { value: graph.node(operation, [value], { axes, keepdims: 0 }, { name }), layout: "rows" };
  };
}

/** Converters of the pooling layers. */
export const poolingLayers: LayerFamily = {
  MaxPooling2D: windowed("MaxPool"),
  AveragePooling2D: windowed("AveragePool", { count_include_pad: 0 }),
  MaxPooling1D: windowedSteps("MaxPool"),
  AveragePooling1D: windowedSteps("AveragePool", { count_include_pad: 0 }),
  GlobalAveragePooling2D: global("ReduceMean"),
  GlobalMaxPooling2D: global("ReduceMax"),
  GlobalAveragePooling1D: global("ReduceMean"),
  GlobalMaxPooling1D: global("ReduceMax"),
};
