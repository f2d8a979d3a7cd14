import type { Value } from "../graph_builder.ts";
import {
  asRows,
  type Converted,
  constantOf,
  type LayerCall,
  type LayerFamily,
  numberOption,
  onlyInput,
  refuse,
  weightOf,
  withMask,
} from "./layer_call.ts";

/** The one axis that an option names, counted from the front. */
function axisOption(call: LayerCall, rank: number): number {
  const given = call.config.axis ?? -1;
  const axis = Array.isArray(given) && given.length === 1 ? Number(given[0]) : Number(given);
  if (!Number.isInteger(axis)) refuse(call, "axis", "normalise along one axis");
  return axis < 0 ? axis + rank : axis;
}

/** A weight, or its default if the layer is configured without it. */
function weightOrConstant(call: LayerCall, name: string, length: number, fallback: number): Float32Array {
  return call.weights.has(name) ? weightOf(call, name).data : new Float32Array(length).fill(fallback);
}

function batchNormalization(call: LayerCall): Converted {
  const { graph, name } = call;
  const input = onlyInput(call);
  const rank = input.shape.length;
  const axis = axisOption(call, rank);
  const mean = weightOf(call, "moving_mean");
  const length = mean.shape[0] ?? 0;
  const variance = weightOf(call, "moving_variance").data;
  const gamma = weightOrConstant(call, "gamma", length, 1);
  const beta = weightOrConstant(call, "beta", length, 0);
  const epsilon = numberOption(call, "epsilon", 1e-3);
  const add = (weight: string, data: Float32Array, shape: readonly number[]): Value =>
    constantOf(call, weight, shape, data);
  if (input.layout === "planes" && axis === 3) {
    const constants = [
      add("gamma", gamma, [length]),
      add("beta", beta, [length]),
      add("moving_mean", mean.data, [length]),
      add("moving_variance", variance, [length]),
    ];
    const value = graph.node("BatchNormalization", [input.value, ...constants], { epsilon }, { name });
    return withMask({ value, layout: "planes" }, input.mask);
  }
  const scale = gamma.map((factor, i) => factor / Math.sqrt(variance[i]! + epsilon));
  const shift = beta.map((start, i) => start - mean.data[i]! * scale[i]!);
  const shape = new Array<number>(rank).fill(1).with(axis, length);
  const scaled = graph.node("Mul", [asRows(graph, input), add("scale", scale, shape)], {}, { name: `${name}/scaled` });
  const value = graph.node("Add", [scaled, add("shift", shift, shape)], {}, { name });
  return withMask({ value, layout: "rows" }, input.mask);
}

function layerNormalization(call: LayerCall): Converted {
  const { graph, name } = call;
  const input = onlyInput(call);
  const rank = input.shape.length;
  const given = call.config.axis ?? -1;
  const axes = (Array.isArray(given) ? given.map(Number) : [Number(given)]).map((axis) =>
    axis < 0 ? axis + rank : axis,
  );
  const first = Math.min(...axes);
  if (axes.length !== rank - first) refuse(call, "axis", "ONNX normalises the last axes together");
  const shape = input.shape.slice(first).map((size) => size ?? refuse(call, "axis", "give these axes fixed lengths"));
  const length = shape.reduce((product, size) => product * size, 1);
  const gamma = constantOf(call, "gamma", shape, weightOrConstant(call, "gamma", length, 1));
  const beta = constantOf(call, "beta", shape, weightOrConstant(call, "beta", length, 0));
  const attributes = { axis: first, epsilon: numberOption(call, "epsilon", 1e-3) };
  const value = graph.node("LayerNormalization", [asRows(graph, input), gamma, beta], attributes, { name });
  return withMask({ value, layout: "rows" }, input.mask);
}

/** Converters of the normalisations. */
export const normalizationLayers: LayerFamily = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
};
