import type { Manifest } from "../../bundle/manifest.ts";
import { EdgecapError } from "../../errors.ts";
import { decodeModel, encodeModel, type Graph, halveWeights } from "../../export/mod.ts";

/** How an encoder stores its weights. */
export type EncoderPrecision = Manifest["encoder"]["precision"];

/** An encoder graph, with its input and output. */
export interface Encoder {
  /** The `.onnx` file: `pixels` [batch, size, size, 3] -> `grid` [batch, regions, features]. */
  readonly graph: Uint8Array;
  readonly precision: EncoderPrecision;
  /** Side of a picture in pixels. */
  readonly size: number;
  readonly regions: number;
  readonly features: number;
}

/**
 * Reads an encoder graph, and finds its input and output.
 *
 * @param precision Name of its precision, used if it has no int8 weights.
 * @param name Its name, for messages.
 * @throws {EdgecapError} `data-invalid` if the bytes are not an encoder graph.
 */
export function readEncoder(bytes: Uint8Array, precision: EncoderPrecision, name: string): Encoder {
  let graph: Graph;
  try {
    graph = decodeModel(bytes);
  } catch (cause) {
    throw new EdgecapError(
      "data-invalid",
      `"${name}" is not an ONNX graph: ${String(cause)}. Give default, resnet50, simple-cnn or an .onnx file.`,
      { cause },
    );
  }
  const size = graph.inputs.find((port) => port.name === "pixels")?.shape?.[1];
  const [, regions, features] = graph.outputs.find((port) => port.name === "grid")?.shape ?? [];
  if (typeof size !== "number" || typeof regions !== "number" || typeof features !== "number") {
    throw new EdgecapError(
      "data-invalid",
      `"${name}" is not an encoder: it needs an input "pixels" [batch, size, size, 3] and an output "grid" [batch, regions, features] of fixed lengths.`,
    );
  }
  const types = new Set([...graph.initializers.values()].map(({ type }) => type));
  const found = types.has("int8") ? "int8" : types.has("float16") ? "fp16" : precision;
  return { graph: bytes, precision: found, size, regions, features };
}

/**
 * The same encoder in another precision.
 *
 * @throws {EdgecapError} `option-invalid` if that needs photos to calibrate with, or is not possible.
 */
export function storedAs(encoder: Encoder, precision: EncoderPrecision | undefined): Encoder {
  if (precision === undefined || precision === encoder.precision) return encoder;
  if (precision === "fp16" && encoder.precision === "fp32") {
    const graph = decodeModel(encoder.graph);
    halveWeights(graph);
    return { ...encoder, graph: encodeModel(graph), precision };
  }
  throw new EdgecapError(
    "option-invalid",
    `An encoder in ${encoder.precision} cannot be converted to ${precision}: give --encoder a graph in that precision.`,
  );
}
