import type { Attribute } from "../graph.ts";
import type { GraphBuilder, Value } from "../graph_builder.ts";
import {
  asRows,
  type Converted,
  constantOf,
  type LayerCall,
  type LayerFamily,
  numberOption,
  refuse,
  refuseCall,
  textOption,
  weightOf,
  withMask,
} from "./layer_call.ts";
import { packed, reversed, unpacked } from "./sequence.ts";

interface OnnxActivation {
  readonly name: string;
  readonly alpha?: number;
  readonly beta?: number;
}

/** The activations that ONNX's recurrent operators know, by tfjs's name. */
const activations: Readonly<Record<string, OnnxActivation>> = {
  tanh: { name: "Tanh" },
  sigmoid: { name: "Sigmoid" },
  hardSigmoid: { name: "HardSigmoid", alpha: 0.2, beta: 0.5 },
  relu: { name: "Relu" },
  elu: { name: "Elu", alpha: 1 },
  softsign: { name: "Softsign" },
  softplus: { name: "Softplus" },
  linear: { name: "Affine", alpha: 1, beta: 0 },
};

/** The differences between the recurrent operators. */
interface Cell {
  readonly operator: "LSTM" | "GRU";
  /** For each of ONNX's gates, the index of tfjs's gate. */
  readonly gates: readonly number[];
  /** States beside the output's own. */
  readonly states: 1 | 2;
  /** The activations that the operator needs, in its order. */
  readonly asks: readonly ("recurrentActivation" | "activation")[];
}

const lstm: Cell = {
  operator: "LSTM",
  // tfjs: input, forget, cell, output. ONNX: input, output, forget, cell.
  gates: [0, 3, 1, 2],
  states: 2,
  asks: ["recurrentActivation", "activation", "activation"],
};

const gru: Cell = { operator: "GRU", gates: [0, 1, 2], states: 1, asks: ["recurrentActivation", "activation"] };

function activationAttributes(call: LayerCall, cell: Cell): Record<string, Attribute> {
  const chosen = cell.asks.map((option) => {
    const name = textOption(call, option);
    return (
      activations[name] ??
      refuse(call, option, `use one of ${Object.keys(activations).join(", ")}, which is all that ONNX has`)
    );
  });
  const alphas = chosen.flatMap(({ alpha }) => (alpha === undefined ? [] : [alpha]));
  const betas = chosen.flatMap(({ beta }) => (beta === undefined ? [] : [beta]));
  return {
    activations: chosen.map(({ name }) => name),
    ...(alphas.length > 0 ? { activation_alpha: alphas } : {}),
    ...(betas.length > 0 ? { activation_beta: betas } : {}),
  };
}

/** Turns a kernel of [from, gates x units] into ONNX's [1, gates x units, from], gates in ONNX's order. */
function gatesOf(cell: Cell, units: number, shape: readonly number[], data: Float32Array): Float32Array {
  const [from = 1, columns = 1] = shape;
  const turned = new Float32Array(data.length);
  cell.gates.forEach((source, gate) => {
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < from; row++) {
        turned[(gate * units + unit) * from + row] = data[row * columns + source * units + unit]!;
      }
    }
  });
  return turned;
}

function weightsOf(call: LayerCall, cell: Cell, units: number): [Value, Value, Value | null] {
  const width = cell.gates.length * units;
  const add = (name: string): Value => {
    const { shape, data } = weightOf(call, name);
    return constantOf(call, name, [1, width, shape[0] ?? 0], gatesOf(cell, units, shape, data));
  };
  if (call.config.useBias === false) return [add("kernel"), add("recurrent_kernel"), null];
  const both = new Float32Array(2 * width);
  both.set(gatesOf(cell, units, [1, width], weightOf(call, "bias").data));
  // ONNX expects a second bias for the recurrent part, which tfjs lacks.
  return [add("kernel"), add("recurrent_kernel"), constantOf(call, "bias", [1, 2 * width], both)];
}

function recurrent(call: LayerCall, cell: Cell): readonly Converted[] {
  const { graph, name, config } = call;
  if (config.stateful === true) refuse(call, "stateful", "pass the state in and out of the model instead");
  if (config.resetAfter === true)
    refuse(call, "resetAfter", "set it to false, which is the only form that tfjs computes");
  const [sequence, ...initial] = call.inputs;
  if (sequence === undefined || (initial.length !== 0 && initial.length !== cell.states)) {
    return refuseCall(
      call,
      `it is called with ${call.inputs.length} inputs; give a sequence, or that and ${cell.states} states`,
    );
  }
  const units = numberOption(call, "units");
  const turn = config.goBackwards === true ? reversed : (_: GraphBuilder, value: Value) => value;
  const steps = turn(graph, asRows(graph, sequence));
  const front = sequence.mask && packed(graph, steps, turn(graph, sequence.mask));
  const states = initial.map((state) => asRows(graph, state));
  const inputs = [
    graph.node("Transpose", [front?.steps ?? steps], { perm: [1, 0, 2] }),
    ...weightsOf(call, cell, units),
    front?.lengths ?? null,
    ...states.map((state) => graph.node("Unsqueeze", [state, graph.ints([0])])),
  ];
  const attributes = { hidden_size: units, ...activationAttributes(call, cell) };
  const wanted = [config.returnSequences === true, true, config.returnState === true].slice(0, cell.states + 1);
  const [all, ...finals] = graph.nodes(cell.operator, inputs, wanted, attributes, { name });

  const last = finals.map((final, index) => {
    if ((final as string) === "") return final;
    const state = graph.node("Squeeze", [final, graph.ints([0])]);
    return front ? graph.node("Where", [front.empty, states[index] ?? graph.scalar(0), state]) : state;
  });
  const rest = config.returnState === true ? last.map((value): Converted => ({ value, layout: "rows" })) : [];
  if (config.returnSequences !== true) return [{ value: last[0]!, layout: "rows" }, ...rest];
  const rows = graph.node("Transpose", [graph.node("Squeeze", [all!, graph.ints([1])])], { perm: [1, 0, 2] });
  const value = front ? unpacked(graph, rows, front, states[0]) : rows;
  return [withMask({ value, layout: "rows" }, sequence.mask), ...rest];
}

/** Converters of the recurrent layers. */
export const recurrentLayers: LayerFamily = {
  LSTM: (call) => recurrent(call, lstm),
  GRU: (call) => recurrent(call, gru),
};
