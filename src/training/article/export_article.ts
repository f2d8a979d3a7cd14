import { appendLayersModel, GraphBuilder, type LayerValue, simplify } from "../../export/mod.ts";
import { type DecoderPrecision, storeWeights } from "../run/weight_precision.ts";
import type { tf } from "../tensorflow.ts";
import { type ArticleShape, branchUnits, cutNames, mergedModel } from "./merged_model.ts";

/**
 * The merged model as the decoder's two ONNX graphs, cut after the image branch, which runs once per photo.
 *
 * - `init`: `grid` [images, regions, features] -> `image` [images, units]: the flattened grid through the four dense
 *   layers.
 * - `step`: `prefix` int32 [beams, longest], pre-padded with zeros, and `image` [1, units], the same for all beams ->
 *   `logits` [beams, vocabulary].
 *
 * @param grid Regions and features of the encoder, which multiply to the model's features.
 * @param arrays Trained weights by name, and the `embedding`.
 */
export function exportArticle(
  shape: ArticleShape,
  grid: { readonly regions: number; readonly features: number },
  arrays: ReadonlyMap<string, Float32Array>,
  precision: DecoderPrecision,
): { init: Uint8Array; step: Uint8Array } {
  const model = mergedModel(shape, arrays, arrays.get("embedding")!);
  try {
    return { init: initGraph(model, shape, grid, precision), step: stepGraph(model, shape, precision) };
  } finally {
    model.dispose();
  }
}

function initGraph(
  model: tf.LayersModel,
  shape: ArticleShape,
  { regions, features }: { readonly regions: number; readonly features: number },
  precision: DecoderPrecision,
): Uint8Array {
  const g = new GraphBuilder("decoder_init");
  const units = branchUnits(shape);
  const grid = g.input("grid", "float32", ["images", regions, features]);
  const flat = g.node("Reshape", [grid, g.ints([-1, shape.features])]);
  const part = { name: model.name, inputs: [model.inputs[0]!], outputs: [outputOf(model, cutNames.image)] };
  const [image] = appendLayersModel(g, part, [rows(flat, [null, shape.features])]);
  g.output("image", image!.value, "float32", ["images", units]);
  simplify(g.graph);
  storeWeights(g.graph, precision);
  return g.toBytes();
}

function stepGraph(model: tf.LayersModel, shape: ArticleShape, precision: DecoderPrecision): Uint8Array {
  const g = new GraphBuilder("decoder_step");
  const units = branchUnits(shape);
  const prefix = g.input("prefix", "int32", ["beams", shape.longest]);
  const image = g.input("image", "float32", ["images", units]);
  const part = {
    name: model.name,
    inputs: [outputOf(model, cutNames.image), model.inputs[1]!],
    outputs: [outputOf(model, cutNames.logits)],
  };
  const [logits] = appendLayersModel(g, part, [rows(image, [null, units]), rows(prefix, [null, shape.longest])]);
  g.output("logits", logits!.value, "float32", ["beams", shape.vocabulary]);
  simplify(g.graph);
  storeWeights(g.graph, precision);
  return g.toBytes();
}

function outputOf(model: tf.LayersModel, layer: string): tf.SymbolicTensor {
  return model.getLayer(layer).output as tf.SymbolicTensor;
}

function rows(value: LayerValue["value"], shape: readonly (number | null)[]): LayerValue {
  return { value, layout: "rows", shape };
}
