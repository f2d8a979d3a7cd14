import { EdgecapError } from "../../errors.ts";
import type { GraphBuilder, Value } from "../graph_builder.ts";
import type { GraphTensor } from "../tensor.ts";

/**
 * How a value lies in the ONNX graph: `rows` as tfjs has it (channels last), `planes` with the channels of a picture
 * in second place, as ONNX's convolutions want them. The shape beside it is always the one of tfjs.
 */
export type Layout = "rows" | "planes";

/** A tfjs tensor's stand-in in the ONNX graph. */
export interface LayerValue {
  /** The value in the graph. */
  readonly value: Value;
  /** How it lies there. */
  readonly layout: Layout;
  /** Shape in tfjs, batch first; `null` where it is not fixed. */
  readonly shape: readonly (number | null)[];
  /** The mask that travels with the value: bool, [batch, time]. */
  readonly mask?: Value;
}

/** What a converter hands back for one output; shapes are known from tfjs. */
export interface Converted {
  /** The output in the graph. */
  readonly value: Value;
  /** How it lies there. */
  readonly layout: Layout;
  /** The mask for the layers behind it: bool, [batch, time]. */
  readonly mask?: Value;
}

/** One use of one layer. */
export interface LayerCall {
  /** The graph that nodes are added to. */
  readonly graph: GraphBuilder;
  /** The stem of the nodes' names: the layer's name behind a slash, with the names of the models it is nested in before it. */
  readonly name: string;
  /** The layer's class as tfjs serialises it, for instance `Conv2D`. */
  readonly className: string;
  /** The layer's options as tfjs serialises them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Weights by their own name: `kernel`, `bias`, `gamma`. */
  readonly weights: ReadonlyMap<string, GraphTensor>;
  /** What the layer is called with, in its order. */
  readonly inputs: readonly LayerValue[];
  /** Shapes that tfjs gives to the outputs. */
  readonly outputShapes: readonly (readonly (number | null)[])[];
  /**
   * Converts the layer that a wrapper holds under a name of its own: `layer`, `forwardLayer`.
   *
   * @param outputShapes Shapes of that layer's outputs, for converters that go by them.
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

/** Throws `layer-unsupported` for an option that has no ONNX form here, naming layer, class, option and value. */
export function refuse(call: LayerCall, option: string, advice: string): never {
  throw new EdgecapError(
    "layer-unsupported",
    `Layer "${call.name}" (${call.className}) has ${option} ${JSON.stringify(call.config[option]) ?? "undefined"}, ` +
      `which cannot be exported: ${advice}.`,
  );
}

/** Throws `layer-unsupported` for a way to call a layer that has no ONNX form here, naming layer and class. */
export function refuseCall(call: LayerCall, reason: string): never {
  throw new EdgecapError(
    "layer-unsupported",
    `Layer "${call.name}" (${call.className}) cannot be exported: ${reason}.`,
  );
}

/** The one input of a layer that has one. */
export function onlyInput(call: LayerCall): LayerValue {
  const [first] = call.inputs;
  if (first === undefined || call.inputs.length !== 1) {
    return refuseCall(call, `it is called with ${call.inputs.length} inputs, and takes one`);
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

/** Adds one of the layer's weights to the graph, in another shape and order where given. */
export function constantOf(
  call: LayerCall,
  name: string,
  shape: readonly number[],
  data: Float32Array | readonly number[],
): Value {
  return call.graph.weight(`${call.name}/${name}`, shape, data);
}

/** An option that is text. */
export function textOption(call: LayerCall, option: string, fallback?: string): string {
  const value = call.config[option] ?? fallback;
  return typeof value === "string" ? value : refuse(call, option, "a name is expected");
}

/** An option that is a number. */
export function numberOption(call: LayerCall, option: string, fallback?: number): number {
  const value = call.config[option] ?? fallback;
  return typeof value === "number" ? value : refuse(call, option, "a number is expected");
}

/** An option that is one number or two, as two. */
export function pairOption(call: LayerCall, option: string, fallback?: number): readonly [number, number] {
  const value = call.config[option] ?? fallback;
  if (typeof value === "number") return [value, value];
  if (Array.isArray(value)) {
    const [first, second] = value.map(Number);
    if (first !== undefined) return [first, second ?? first];
  }
  return refuse(call, option, "one or two numbers are expected");
}

/** Refuses pictures that are stored channels first: tfjs's cpu and wasm kernels do not take them either. */
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

/** The picture with its channels in second place. */
export function asPlanes(graph: GraphBuilder, input: LayerValue): Value {
  return input.layout === "planes" ? input.value : graph.node("Transpose", [input.value], { perm: [0, 3, 1, 2] });
}

/** Passes a mask on where there is one. */
export function withMask(converted: Omit<Converted, "mask">, mask: Value | undefined): Converted {
  return mask === undefined ? converted : { ...converted, mask };
}
