import type { Value } from "../graph_builder.ts";
import {
  asRows,
  type Converted,
  constantOf,
  type LayerCall,
  type LayerFamily,
  type LayerValue,
  numberOption,
  onlyInput,
  refuse,
  textOption,
  weightOf,
  withMask,
} from "./layer_call.ts";

// The constants of "Self-Normalizing Neural Networks" (Klambauer et al., 2017).
const selu = { alpha: 1.6732632423543772, gamma: 1.0507009873554805 };

type Formula = (graph: LayerCall["graph"], x: Value, name: string) => Value;

/** Element-wise activations, by tfjs's name. */
const formulas: Readonly<Record<string, Formula>> = {
  linear: (_graph, x) => x,
  relu: (graph, x, name) => graph.node("Relu", [x], {}, { name }),
  relu6: (graph, x, name) => graph.node("Clip", [x, graph.scalar(0), graph.scalar(6)], {}, { name }),
  sigmoid: (graph, x, name) => graph.node("Sigmoid", [x], {}, { name }),
  tanh: (graph, x, name) => graph.node("Tanh", [x], {}, { name }),
  elu: (graph, x, name) => graph.node("Elu", [x], { alpha: 1 }, { name }),
  selu: (graph, x, name) => graph.node("Selu", [x], selu, { name }),
  softplus: (graph, x, name) => graph.node("Softplus", [x], {}, { name }),
  softsign: (graph, x, name) => graph.node("Softsign", [x], {}, { name }),
  hardSigmoid: (graph, x, name) => graph.node("HardSigmoid", [x], { alpha: 0.2, beta: 0.5 }, { name }),
  swish: (graph, x, name) => graph.node("Mul", [x, graph.node("Sigmoid", [x])], {}, { name }),
  mish: (graph, x, name) => graph.node("Mul", [x, graph.node("Tanh", [graph.node("Softplus", [x])])], {}, { name }),
  gelu: (graph, x, name) => {
    const error = graph.node("Erf", [graph.node("Mul", [x, graph.scalar(Math.SQRT1_2)])]);
    const half = graph.node("Mul", [x, graph.scalar(0.5)]);
    return graph.node("Mul", [half, graph.node("Add", [error, graph.scalar(1)])], {}, { name });
  },
  gelu_new: (graph, x, name) => {
    const square = graph.node("Mul", [x, x]);
    const cubic = graph.node("Add", [graph.node("Mul", [square, graph.scalar(0.044715)]), graph.scalar(1)]);
    const inner = graph.node("Mul", [graph.node("Mul", [x, cubic]), graph.scalar(Math.sqrt(2 / Math.PI))]);
    const half = graph.node("Mul", [x, graph.scalar(0.5)]);
    return graph.node("Mul", [half, graph.node("Add", [graph.node("Tanh", [inner]), graph.scalar(1)])], {}, { name });
  },
};

/** Activations along the channels, which come last in tfjs. */
const alongChannels: Readonly<Record<string, string>> = { softmax: "Softmax", logSoftmax: "LogSoftmax" };

/**
 * Applies the activation in a layer's options to the layer's result.
 *
 * @param option Name of the option. Default `activation`.
 * @throws {EdgecapError} `layer-unsupported` for an activation that tfjs does not have built in.
 */
export function applyActivation(call: LayerCall, made: Converted, option = "activation"): Converted {
  const activation = textOption(call, option, "linear");
  const operation = alongChannels[activation];
  if (operation !== undefined) {
    const axis = made.layout === "planes" ? 1 : -1;
    return { ...made, value: call.graph.node(operation, [made.value], { axis }, { name: call.name }) };
  }
  const formula = formulas[activation];
  if (formula === undefined) {
    return refuse(call, option, `use one of ${[...Object.keys(formulas), ...Object.keys(alongChannels)].join(", ")}`);
  }
  return { ...made, value: formula(call.graph, made.value, `${call.name}/${activation}`) };
}

function sameLayout(input: LayerValue, value: Value, keepsMask = true): Converted {
  return withMask({ value, layout: input.layout }, keepsMask ? input.mask : undefined);
}

/** Converters of `Activation` and of activations that are layers. */
export const activationLayers: LayerFamily = {
  Activation: (call) => {
    const input = onlyInput(call);
    return applyActivation(call, sameLayout(input, input.value));
  },
  ReLU: (call) => {
    const input = onlyInput(call);
    const { graph, name } = call;
    if (call.config.maxValue === undefined || call.config.maxValue === null) {
      return sameLayout(input, graph.node("Relu", [input.value], {}, { name }));
    }
    const highest = graph.scalar(numberOption(call, "maxValue"));
    return sameLayout(input, graph.node("Clip", [input.value, graph.scalar(0), highest], {}, { name }));
  },
  LeakyReLU: (call) => {
    const input = onlyInput(call);
    const alpha = numberOption(call, "alpha", 0.3);
    return sameLayout(input, call.graph.node("LeakyRelu", [input.value], { alpha }, { name: call.name }), false);
  },
  ELU: (call) => {
    const input = onlyInput(call);
    return sameLayout(input, call.graph.node("Elu", [input.value], { alpha: 1 }, { name: call.name }), false);
  },
  ThresholdedReLU: (call) => {
    const input = onlyInput(call);
    const alpha = numberOption(call, "theta", 1);
    return sameLayout(input, call.graph.node("ThresholdedRelu", [input.value], { alpha }, { name: call.name }), false);
  },
  PReLU: (call) => {
    const input = onlyInput(call);
    const alpha = weightOf(call, "alpha");
    const slope = constantOf(call, "alpha", alpha.shape, alpha.data);
    const value = call.graph.node("PRelu", [asRows(call.graph, input), slope], {}, { name: call.name });
    return withMask({ value, layout: "rows" }, input.mask);
  },
  Softmax: (call) => {
    const input = onlyInput(call);
    if (input.mask !== undefined) refuse(call, "axis", "a masked softmax cannot be exported");
    const given = call.config.axis;
    const axis = Array.isArray(given) && given.length === 1 ? Number(given[0]) : numberOption(call, "axis", 1);
    const value = call.graph.node("Softmax", [asRows(call.graph, input)], { axis }, { name: call.name });
    return { value, layout: "rows" };
  },
};
