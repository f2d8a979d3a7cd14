import { EdgecapError } from "../../errors.ts";
import type { GraphBuilder, Value } from "../graph_builder.ts";
import type { GraphTensor } from "../tensor.ts";

/**
 * The layout of a value in the ONNX graph: `rows` as in tfjs (channels last), `planes` with the channels of an image
 * second, as ONNX's convolutions expect them. The accompanying shape is always tfjs's.
 */
export type Layout = "rows" | "planes";

/** The counterpart of a tfjs tensor in the ONNX graph. */
export interface LayerValue {
  /** The value in the graph. */
  readonly value: Value;
  /** Its layout there. */
  readonly layout: Layout;
  /** Shape in tfjs, batch first; `null` if it is not fixed. */
  readonly shape: readonly (number | null)[];
  /** The mask that travels with the value: bool, [batch, time]. */
  readonly mask?: Value;
}

/** A converter's result for one output; shapes are known from tfjs. */
export interface Converted {
  /** The output in the graph. */
  readonly value: Value;
  /** Its layout there. */
  readonly layout: Layout;
  /** The mask for the following layers: bool, [batch, time]. */
  readonly mask?: Value;
}

/** One use of one layer. */
export interface LayerCall {
  /** The graph to add nodes to. */
  readonly graph: GraphBuilder;
  /**
   * The stem of the nodes' names: the layer's name after a slash, preceded by the names of the models that contain it.
   */
  readonly name: string;
  /** The layer's class as tfjs serialises it, for instance `Conv2D`. */
  readonly className: string;
  /** The layer's options as tfjs serialises them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Weights by their own name: `kernel`, `bias`, `gamma`. */
  readonly weights: ReadonlyMap<string, GraphTensor>;
  /** The layer's inputs, in order. */
  readonly inputs: readonly LayerValue[];
  /** Shapes of the outputs in tfjs. */
  readonly outputShapes: readonly (readonly (number | null)[])[];
  /**
   * Converts the layer that a wrapper holds in one of its options: `layer`, `forwardLayer`.
   *
   * @param outputShapes Shapes of that layer's outputs, for converters that need them.
   */
  readonly convertInner: (
    field: string,
    inputs: readonly LayerValue[],
    outputShapes: readonly (readonly (number | null)[])[],
  ) => readonly Converted[];
}

/** Turns one use of a layer into nodes. */
export type LayerConverter = (call: LayerCall) => Converted | readonly Converted[];

/** Converters by the layer's class name. */
export type LayerFamily = Readonly<Record<string, LayerConverter>>;

/** Throws `layer-unsupported` for an option that cannot be exported, with the layer, class, option and value. */
export function refuse(call: LayerCall, option: string, advice: string): never {
  throw new EdgecapError(
    "layer-unsupported",
    `Layer "${call.name}" (${call.className}) has ${option} ${JSON.stringify(call.config[option]) ?? "undefined"}, ` +
      `which cannot be exported: ${advice}.`,
  );
}

/** Throws `layer-unsupported` for a way of calling a layer that cannot be exported, with the layer and class. */
export function refuseCall(call: LayerCall, reason: string): never {
  throw new EdgecapError(
    "layer-unsupported",
    `Layer "${call.name}" (${call.className}) cannot be exported: ${reason}.`,
  );
}

/** The input of a layer with a single input. */
export function onlyInput(call: LayerCall): LayerValue {
  const [first] = call.inputs;
  if (first === undefined || call.inputs.length !== 1) {
    return refuseCall(call, `it is called with ${call.inputs.length} inputs but accepts one`);
  }
  return first;
}

/** A weight that the layer must have. */
export function weightOf(call: LayerCall, name: string): GraphTensor & { readonly data: Float32Array } {
  const found = call.weights.get(name);
  if (found === undefined || !(found.data instanceof Float32Array)) {
    return refuseCall(call, `it has no weight "${name}", only ${[...call.weights.keys()].join(", ") || "none at all"}`);
  }
  return { ...found, data: found.data };
}

/** Adds one of the layer's weights to the graph, in another shape and order if given. */
export function constantOf(
  call: LayerCall,
  name: string,
  shape: readonly number[],
  data: Float32Array | readonly number[],
): Value {
  return call.graph.weight(`${call.name}/${name}`, shape, data);
}

/** A text option. */
export function textOption(call: LayerCall, option: string, fallback?: string): string {
  const value = call.config[option] ?? fallback;
  return typeof value === "string" ? value : refuse(call, option, "give a name");
}

/** A numeric option. */
export function numberOption(call: LayerCall, option: string, fallback?: number): number {
  const value = call.config[option] ?? fallback;
  return typeof value === "number" ? value : refuse(call, option, "give a number");
}

/** An option of one or two numbers, as two. */
export function pairOption(call: LayerCall, option: string, fallback?: number): readonly [number, number] {
  const value = call.config[option] ?? fallback;
  if (typeof value === "number") return [value, value];
  if (Array.isArray(value)) {
    const [first, second] = value.map(Number);
    if (first !== undefined) return [first, second ?? first];
  }
  return refuse(call, option, "give one or two numbers");
}

/** Refuses images stored channels first, which tfjs's cpu and wasm kernels do not support either. */
export function requireChannelsLast(call: LayerCall): void {
  const format = call.config.dataFormat;
  if (format !== undefined && format !== null && format !== "channelsLast") {
    refuse(call, "dataFormat", "make the model channels last");
  }
}

/** The value with its channels last. */
export function asRows(graph: GraphBuilder, input: LayerValue): Value {
  return input.layout === "rows" ? input.value : graph.node("Transpose", [input.value], { perm: [0, 2, 3, 1] });
}

/** The value with its channels second. */
export function asPlanes(graph: GraphBuilder, input: LayerValue): Value {
  return input.layout === "planes" ? input.value : graph.node("Transpose", [input.value], { perm: [0, 3, 1, 2] });
}

/** Passes on a mask, if any. */
export function withMask(converted: Omit<Converted, "mask">, mask: Value | undefined): Converted {
  return mask === undefined ? converted : { ...converted, mask };
}
