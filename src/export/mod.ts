/**
 * Converts tfjs layers models to ONNX, builds ONNX graphs by hand, and quantises them to 8-bit integers.
 *
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { convertLayersModel } from "edgecap/export";
 *
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4], activation: "softmax" })] });
 * const onnx: Uint8Array = convertLayersModel(model).toBytes();
 * ```
 *
 * @module
 */
export { type CalibrationRuns, calibrate } from "./calibration.ts";
export type { Attribute, Dimensions, Graph, GraphNode, GraphValue } from "./graph.ts";
export { GraphBuilder, type GraphBuilderOptions, type NodeOptions, type Value } from "./graph_builder.ts";
export { halveWeights } from "./half_weights.ts";
export { layerConverters } from "./layers/families.ts";
export type { Converted, LayerCall, LayerConverter, LayerFamily, LayerValue, Layout } from "./layers/layer_call.ts";
export { appendLayersModel, type ConvertOptions, convertLayersModel, type ModelTopology } from "./layers_model.ts";
export { decodeModel, encodeModel } from "./onnx_proto.ts";
export { type QuantiseOptions, quantise, valuesToCalibrate } from "./quantise.ts";
export { resizeEncoder } from "./resize_encoder.ts";
export { resnet50Encoder } from "./resnet50.ts";
export { simplify } from "./simplify.ts";
export { quantiseStoredWeights } from "./store_int8.ts";
export { type GraphTensor, type TensorData, type TensorType, tensor } from "./tensor.ts";
export { type Affine, affineOf, type Histogram, pickRange, type RangeMethod, type ValueRange } from "./value_range.ts";
