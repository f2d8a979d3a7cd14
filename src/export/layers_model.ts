import type { LayersModel, layers, SymbolicTensor } from "@tensorflow/tfjs";
import { EdgecapError } from "../errors.ts";
import type { Dimensions } from "./graph.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { layerConverters } from "./layers/families.ts";
import { asRows, type Converted, type LayerCall, type LayerValue } from "./layers/layer_call.ts";
import { simplify } from "./simplify.ts";
import { type GraphTensor, type TensorType, tensor } from "./tensor.ts";

type Layer = layers.Layer;

/** The part of a model that {@linkcode appendLayersModel} uses; any `LayersModel` has it. */
export type ModelTopology = Pick<LayersModel, "name" | "inputs" | "outputs">;

/** Options of {@linkcode convertLayersModel}. */
export interface ConvertOptions {
  /** Name of the graph. Default: the model's. */
  readonly name?: string;
  /** Names of the graph's inputs, in the model's order. Default: the names of the model's input layers. */
  readonly inputNames?: readonly string[];
  /** Names of the graph's outputs, in the model's order. Default: the names of the layers that compute them. */
  readonly outputNames?: readonly string[];
}

/**
 * Converts a tfjs layers model into an ONNX graph of opset 17 that computes the same at inference.
 *
 * Inputs and outputs keep tfjs's shapes (batch first, channels last). Inside, images are stored channels first; the
 * remaining transpositions, paddings and batch normalisations are folded into the convolutions.
 * Inputs that hold word ids (int32 in tfjs, or read by an `Embedding`) are int32, the others float32.
 *
 * @param model A built model, sequential or functional, of the layers that docs/exporter.md lists.
 * @param options See {@linkcode ConvertOptions}.
 * @returns The graph under construction: `toBytes()` gives the `.onnx` file.
 * @throws {EdgecapError} `layer-unsupported`, naming the layer, its class and the option in the way.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { convertLayersModel } from "edgecap/export";
 *
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4] })] });
 * const onnx = convertLayersModel(model, { outputNames: ["scores"] }).toBytes();
 * console.log(`${onnx.length} bytes`);
 * ```
 */
export function convertLayersModel(model: LayersModel, options: ConvertOptions = {}): GraphBuilder {
  const graph = new GraphBuilder(options.name ?? model.name);
  const inputs = model.inputs.map((symbol, index): LayerValue => {
    const name = options.inputNames?.[index] ?? symbol.sourceLayer.name;
    const type: TensorType = holdsWords(symbol) ? "int32" : "float32";
    return { value: graph.input(name, type, dimensions(symbol.shape, name)), layout: "rows", shape: symbol.shape };
  });
  const taken = new Set(graph.graph.inputs.map(({ name }) => name));
  appendLayersModel(graph, model, inputs).forEach((output, index) => {
    const stem = options.outputNames?.[index] ?? model.outputs[index]!.sourceLayer.name;
    let name = stem;
    for (let count = 2; taken.has(name); count++) name = `${stem}_${count}`;
    taken.add(name);
    graph.output(name, asRows(graph, output), "float32", dimensions(output.shape, name));
  });
  simplify(graph.graph);
  return graph;
}

/**
 * Adds the nodes of a tfjs layers model to a graph under construction, for instance between a preparation of
 * the input and a change of shape. Run {@linkcode simplify} on the finished graph to fold what can be folded.
 *
 * @param inputs One value for each of the model's inputs, in its order, with tfjs's shape.
 * @returns One value for each of the model's outputs.
 * @throws {EdgecapError} `layer-unsupported` as {@linkcode convertLayersModel}.
 */
export function appendLayersModel(
  graph: GraphBuilder,
  model: ModelTopology,
  inputs: readonly LayerValue[],
): LayerValue[] {
  return appendTopology(graph, model, inputs, "");
}

function appendTopology(
  graph: GraphBuilder,
  model: ModelTopology,
  inputs: readonly LayerValue[],
  prefix: string,
): LayerValue[] {
  const known = new Map<number, LayerValue>();
  model.inputs.forEach((symbol, index) => {
    const input = inputs[index];
    if (input !== undefined) known.set(symbol.id, input);
  });

  const resolve = (symbol: SymbolicTensor): LayerValue => {
    const found = known.get(symbol.id);
    if (found !== undefined) return found;
    const layer = symbol.sourceLayer;
    const use = layer.inboundNodes[symbol.nodeIndex];
    if (use === undefined || use.inputTensors.length === 0) {
      throw new EdgecapError(
        "layer-unsupported",
        `Layer "${layer.name}" (${layer.getClassName()}) of model "${model.name}" is an input without a value; ` +
          `the model has ${model.inputs.length} inputs and ${inputs.length} values were given.`,
      );
    }
    const sources = use.inputTensors.map(resolve);
    const shapes = use.outputTensors.map(({ shape }) => shape);
    const made = convertLayer(graph, layer, sources, shapes, `${prefix}/${layer.name}`);
    use.outputTensors.forEach(({ id, shape }, index) => {
      const output = made[index];
      if (output !== undefined) known.set(id, { ...output, shape });
    });
    return known.get(symbol.id)!;
  };
  return model.outputs.map(resolve);
}

function convertLayer(
  graph: GraphBuilder,
  layer: Layer,
  inputs: readonly LayerValue[],
  outputShapes: readonly (readonly (number | null)[])[],
  name: string,
): readonly Converted[] {
  if (isModel(layer)) return appendTopology(graph, layer, inputs, name);
  const call = layerCall(graph, layer, inputs, outputShapes, name);
  const converter = layerConverters[call.className];
  if (converter === undefined) {
    throw new EdgecapError(
      "layer-unsupported",
      `Layer "${layer.name}" is a ${call.className}, which cannot be exported: use one of ${Object.keys(layerConverters).sort().join(", ")}.`,
    );
  }
  const converted = converter(call);
  return "value" in converted ? [converted] : converted;
}

function layerCall(
  graph: GraphBuilder,
  layer: Layer,
  inputs: readonly LayerValue[],
  outputShapes: readonly (readonly (number | null)[])[],
  name: string,
): LayerCall {
  return {
    graph,
    name,
    className: layer.getClassName(),
    config: layer.getConfig(),
    weights: weightsOf(layer),
    inputs,
    outputShapes,
    convertInner: (field, innerInputs, innerShapes) => {
      const inside: unknown = Reflect.get(layer, field);
      if (!isLayer(inside)) {
        throw new EdgecapError(
          "layer-unsupported",
          `Layer "${layer.name}" (${layer.getClassName()}) has no layer in "${field}", so it cannot be exported.`,
        );
      }
      return convertLayer(graph, inside, innerInputs, innerShapes, `${name}/${inside.name}`);
    },
  };
}

/** A layer's weights, by the last part of their names: "lstm_LSTM1/lstm_cell/kernel" is the `kernel`. */
function weightsOf(layer: Layer): Map<string, GraphTensor> {
  const weights = new Map<string, GraphTensor>();
  for (const variable of layer.weights) {
    const read = variable.read();
    weights.set(
      variable.originalName.split("/").at(-1)!,
      tensor("float32", read.shape, Float32Array.from(read.dataSync())),
    );
  }
  return weights;
}

function isLayer(value: unknown): value is Layer {
  return typeof value === "object" && value !== null && "getClassName" in value && "inboundNodes" in value;
}

function isModel(layer: Layer): layer is Layer & ModelTopology {
  return "layers" in layer && "inputs" in layer && "outputs" in layer;
}

function holdsWords(symbol: SymbolicTensor): boolean {
  if (symbol.dtype === "int32") return true;
  return symbol.sourceLayer.outboundNodes.some(({ outboundLayer }) => outboundLayer.getClassName() === "Embedding");
}

function dimensions(shape: readonly (number | null)[], name: string): Dimensions {
  return shape.map((length, axis) => length ?? (axis === 0 ? "batch" : `${name}_${axis}`));
}
