/**
 * Makes the encoder: `bun scripts/encoder.ts --precision fp32|fp16|int8 --size 224|90 --out FILE`.
 *
 * int8 needs photos to calibrate on: `--photos FOLDER --list FILE [--count 100]`.
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EdgecapError } from "../src/errors.ts";
import type { Graph } from "../src/export/graph.ts";
import { halveWeights } from "../src/export/half_weights.ts";
import { encodeModel } from "../src/export/onnx_proto.ts";
import { resnet50Encoder } from "../src/export/resnet50.ts";
import { type CalibrationPhotos, quantiseEncoder } from "./calibrate_encoder.ts";
import { fetchResnet50 } from "./fetch_weights.ts";
import { loadLayersModel } from "./load_layers_model.ts";

/** Folder for downloads and what is made of them; git ignores it. */
export const cacheFolder: string = fileURLToPath(new URL("../.cache", import.meta.url));

/** How the encoder stores and computes. */
export type EncoderPrecision = "fp32" | "fp16" | "int8";

/**
 * The encoder graph in float32, for pictures of one size.
 *
 * @throws {EdgecapError} as fetchResnet50, where the weights cannot be had.
 */
export async function floatEncoder(size: number): Promise<Graph> {
  const model = await loadLayersModel(await fetchResnet50(cacheFolder), size);
  const { graph } = resnet50Encoder(model);
  model.dispose();
  return graph;
}

/**
 * The encoder as the bytes of an `.onnx` file.
 *
 * @param photos Photos to calibrate on; int8 needs them.
 */
export async function makeEncoder(
  precision: EncoderPrecision,
  size: number,
  photos?: CalibrationPhotos,
): Promise<Uint8Array> {
  const graph = await floatEncoder(size);
  if (precision === "fp32") return encodeModel(graph);
  if (precision === "fp16") {
    halveWeights(graph);
    return encodeModel(graph);
  }
  if (photos === undefined) {
    throw new EdgecapError("option-invalid", "An int8 encoder needs photos to calibrate on; give --photos and --list.");
  }
  return encodeModel(await quantiseEncoder(graph, size, photos));
}

/** Writes a file whole or not at all. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}.part`;
  await writeFile(unfinished, bytes);
  await rename(unfinished, path);
}

function isPrecision(value: string): value is EncoderPrecision {
  return value === "fp32" || value === "fp16" || value === "int8";
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      precision: { type: "string", default: "fp32" },
      size: { type: "string", default: "224" },
      out: { type: "string" },
      photos: { type: "string" },
      list: { type: "string" },
      count: { type: "string", default: "100" },
    },
  });
  const { precision, photos, list } = values;
  const size = Number(values.size);
  const count = Number(values.count);
  if (!isPrecision(precision)) {
    throw new EdgecapError("option-invalid", `The precision "${precision}" is unknown; use fp32, fp16 or int8.`);
  }
  if (!Number.isInteger(size) || size < 32) {
    throw new EdgecapError(
      "option-invalid",
      `The size "${values.size}" is no whole number from 32; 224 and 90 are usual.`,
    );
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new EdgecapError("option-invalid", `The count "${values.count}" is no whole number from 1.`);
  }
  const calibration = photos !== undefined && list !== undefined ? { folder: photos, list, count } : undefined;
  const out = values.out ?? `${cacheFolder}/encoder/encoder-${precision}-${size}.onnx`;
  const bytes = await makeEncoder(precision, size, calibration);
  await writeWhole(out, bytes);
  console.log(`Wrote ${out}: ${(bytes.length / 1e6).toFixed(1)} MB, ${precision}, ${size} x ${size} pixels.`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
