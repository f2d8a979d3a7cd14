import type { Value } from "../graph_builder.ts";
import {
  asRows,
  type Converted,
  type LayerCall,
  type LayerFamily,
  type LayerValue,
  onlyInput,
  refuse,
  refuseCall,
  withMask,
} from "./layer_call.ts";
import { reversed } from "./sequence.ts";

function merged(call: LayerCall, forward: Value, backward: Value): Value[] {
  const { graph, name } = call;
  switch (call.config.mergeMode) {
    case "concat":
      return [graph.node("Concat", [forward, backward], { axis: -1 }, { name })];
    case "sum":
      return [graph.node("Add", [forward, backward], {}, { name })];
    case "mul":
      return [graph.node("Mul", [forward, backward], {}, { name })];
    case "ave":
      return [graph.node("Mul", [graph.node("Add", [forward, backward]), graph.scalar(0.5)], {}, { name })];
    case null:
      return [forward, backward];
    default:
      return refuse(call, "mergeMode", "use concat, sum, mul, ave or null");
  }
}

function bidirectional(call: LayerCall): readonly Converted[] {
  const [sequence, ...states] = call.inputs;
  if (sequence === undefined) return refuseCall(call, "it is called without an input");
  const half = states.length / 2;
  const [forward, ...forwardStates] = call.convertInner("forwardLayer", [sequence, ...states.slice(0, half)], []);
  const [backward, ...backwardStates] = call.convertInner("backwardLayer", [sequence, ...states.slice(half)], []);
  // A mask is returned only with a complete sequence.
  const whole = call.outputShapes[0]?.length === 3;
  const back = whole ? reversed(call.graph, backward!.value) : backward!.value;
  const outputs = merged(call, forward!.value, back).map(
    (value): Converted => withMask({ value, layout: "rows" }, whole ? sequence.mask : undefined),
  );
  return [...outputs, ...forwardStates, ...backwardStates];
}

/** The inner layer sees every step as a sample: batch and time become one axis, then two again. */
function timeDistributed(call: LayerCall): Converted {
  const { graph, name } = call;
  const input = onlyInput(call);
  const rows = asRows(graph, input);
  const fixed = (lengths: readonly (number | null)[]): number[] =>
    lengths.map((length) => length ?? refuseCall(call, "the shape of its steps must be fixed"));
  const before = fixed(input.shape.slice(2));
  const after = fixed(call.outputShapes[0]?.slice(2) ?? []);
  const flat = graph.node("Reshape", [rows, graph.ints([-1, ...before])], {}, { name: `${name}/steps` });
  const inside: LayerValue = { value: flat, layout: "rows", shape: [null, ...before] };
  const [made] = call.convertInner("layer", [inside], [[null, ...after]]);
  const result = asRows(graph, { ...made!, shape: [null, ...after] });
  const outer = graph.node("Slice", [graph.node("Shape", [rows]), graph.ints([0]), graph.ints([2])]);
  const target = graph.node("Concat", [outer, graph.ints(after)], { axis: 0 });
  return withMask({ value: graph.node("Reshape", [result, target], {}, { name }), layout: "rows" }, input.mask);
}

/** Converters of the layers that contain another layer. */
export const wrapperLayers: LayerFamily = {
  Bidirectional: bidirectional,
  TimeDistributed: timeDistributed,
};
