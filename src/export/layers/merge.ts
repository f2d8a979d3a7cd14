import type { Value } from "../graph_builder.ts";
import {
  asRows,
  type Converted,
  type LayerCall,
  type LayerConverter,
  type LayerFamily,
  numberOption,
  refuseCall,
  withMask,
} from "./layer_call.ts";

/** A position is kept if every existing mask keeps it, as in Keras. */
function mergedMask(call: LayerCall): Value | undefined {
  const masks = call.inputs.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
  const [first, ...others] = masks;
  return first && others.reduce((both, mask) => call.graph.node("And", [both, mask]), first);
}

/** The inputs in one layout: planes if all are in planes, otherwise rows. */
function alike(call: LayerCall): { values: Value[]; layout: Converted["layout"] } {
  if (call.inputs.every(({ layout }) => layout === "planes")) {
    return { values: call.inputs.map(({ value }) => value), layout: "planes" };
  }
  const ranks = new Set(call.inputs.map(({ shape }) => shape.length));
  if (ranks.size > 1) refuseCall(call, "its inputs differ in rank; reshape them to the same rank first");
  return { values: call.inputs.map((input) => asRows(call.graph, input)), layout: "rows" };
}

function folded(operation: string): LayerConverter {
  return (call) => {
    const { values, layout } = alike(call);
    const value = values.reduce((sum, next) => call.graph.node(operation, [sum, next], {}, { name: call.name }));
    return withMask({ value, layout }, mergedMask(call));
  };
}

function average(call: LayerCall): Converted {
  const { values, layout } = alike(call);
  const { graph, name } = call;
  const sum = values.reduce((total, next) => graph.node("Add", [total, next], {}, { name: `${name}/sum` }));
  const value = graph.node("Mul", [sum, graph.scalar(1 / values.length)], {}, { name });
  return withMask({ value, layout }, mergedMask(call));
}

function concatenate(call: LayerCall): Converted {
  const rank = call.inputs[0]?.shape.length ?? 0;
  const given = numberOption(call, "axis", -1);
  const { values, layout } = alike(call);
  const inRows = given < 0 ? given + rank : given;
  const axis = layout === "planes" ? [0, 2, 3, 1][inRows]! : inRows;
  const value = call.graph.node("Concat", values, { axis }, { name: call.name });
  return withMask({ value, layout }, inRows === 1 ? joinedMask(call) : mergedMask(call));
}

/** Masks of sequences that are joined end to end. */
function joinedMask(call: LayerCall): Value | undefined {
  const masks = call.inputs.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
  if (masks.length === 0) return undefined;
  if (masks.length < call.inputs.length) refuseCall(call, "it joins masked sequences with unmasked ones");
  return call.graph.node("Concat", masks, { axis: 1 });
}

/** Converters of the layers that join several inputs. */
export const mergeLayers: LayerFamily = {
  Add: folded("Add"),
  Multiply: folded("Mul"),
  Maximum: folded("Max"),
  Minimum: folded("Min"),
  Average: average,
  Concatenate: concatenate,
};
