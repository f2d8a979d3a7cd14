import type { Value } from "../graph_builder.ts";
import { applyActivation } from "./activation.ts";
import {
  asPlanes,
  asRows,
  type Converted,
  constantOf,
  type LayerCall,
  type LayerFamily,
  onlyInput,
  pairOption,
  refuse,
  requireChannelsLast,
  weightOf,
  withMask,
} from "./layer_call.ts";

/** Multiplies the last axis by a matrix, whatever the other axes are: tfjs's `Dense`. */
function dense(call: LayerCall): Converted {
  const { graph, name } = call;
  const input = onlyInput(call);
  const kernel = weightOf(call, "kernel");
  const linear = `${name}/linear`;
  let value = graph.node(
    "MatMul",
    [asRows(graph, input), constantOf(call, "kernel", kernel.shape, kernel.data)],
    {},
    { name: linear },
  );
  if (call.config.useBias !== false) {
    const bias = weightOf(call, "bias");
    value = graph.node("Add", [value, constantOf(call, "bias", bias.shape, bias.data)], {}, { name });
  }
  return applyActivation(call, withMask({ value, layout: "rows" }, input.mask));
}

/** A shape for ONNX's Reshape: tfjs's lengths, with the batch copied and at most one other length inferred. */
function reshaped(call: LayerCall, value: Value): Value {
  const [, ...lengths] = call.outputShapes[0] ?? [];
  if (lengths.filter((length) => length === null).length > 1) {
    refuse(call, "targetShape", "at most one length besides the batch may be open");
  }
  const target = call.graph.ints([0, ...lengths.map((length) => length ?? -1)]);
  return call.graph.node("Reshape", [value, target], {}, { name: call.name });
}

function passOn(call: LayerCall): Converted {
  return onlyInput(call);
}

/** Converters of the basic layers. */
export const coreLayers: LayerFamily = {
  Dense: dense,
  Dropout: passOn,
  SpatialDropout1D: passOn,
  GaussianNoise: passOn,
  GaussianDropout: passOn,
  AlphaDropout: passOn,
  Flatten: (call) => {
    requireChannelsLast(call);
    return { value: reshaped(call, asRows(call.graph, onlyInput(call))), layout: "rows" };
  },
  Reshape: (call) => ({ value: reshaped(call, asRows(call.graph, onlyInput(call))), layout: "rows" }),
  Permute: (call) => {
    const dims = call.config.dims;
    if (!Array.isArray(dims)) return refuse(call, "dims", "give an order of axes");
    const perm = [0, ...dims.map(Number)];
    const value = call.graph.node("Transpose", [asRows(call.graph, onlyInput(call))], { perm }, { name: call.name });
    return { value, layout: "rows" };
  },
  RepeatVector: (call) => {
    const { graph, name } = call;
    const row = graph.node("Unsqueeze", [asRows(graph, onlyInput(call)), graph.ints([1])]);
    const times = graph.ints([1, Number(call.config.n), 1]);
    return { value: graph.node("Tile", [row, times], {}, { name }), layout: "rows" };
  },
  ZeroPadding2D: (call) => {
    requireChannelsLast(call);
    const { graph, name } = call;
    const padding = call.config.padding;
    const sides =
      Array.isArray(padding) && padding.every(Array.isArray)
        ? padding
        : pairOption(call, "padding", 1).map((side) => [side, side]);
    const [[top, bottom], [left, right]] = sides as [[number, number], [number, number]];
    const pads = graph.ints([0, 0, top, left, 0, 0, bottom, right]);
    // onnxruntime moves a padding with 0 into the pooling after it, which then pads with -infinity; it leaves
    // -0 alone.
    const zero = graph.scalar(-0);
    const value = graph.node("Pad", [asPlanes(graph, onlyInput(call)), pads, zero], { mode: "constant" }, { name });
    return { value, layout: "planes" };
  },
};
