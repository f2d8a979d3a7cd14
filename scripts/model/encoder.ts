/**
 * Makes ImageNet's ResNet50: `bun scripts/model/encoder.ts --precision fp32|fp16|int8 --size 224|90 --out FILE`.
 *
 * int8 is calibrated on photos, `--photos FOLDER --list FILE [--count 100]`; without them it uses the ranges that 100
 * training photos of Flickr8k gave, resnet50_ranges.json.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EdgecapError } from "../../src/errors.ts";
import type { Graph } from "../../src/export/graph.ts";
import { halveWeights } from "../../src/export/half_weights.ts";
import { encodeModel } from "../../src/export/onnx_proto.ts";
import { quantise } from "../../src/export/quantise.ts";
import { resnet50Encoder } from "../../src/export/resnet50.ts";
import type { ValueRange } from "../../src/export/value_range.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import type { EncoderPrecision } from "../../src/training/encoder/encoder_graph.ts";
import { runMain } from "../run_main.ts";
import { type CalibrationPhotos, quantiseEncoder } from "./calibrate_encoder.ts";
import { fetchResnet50 } from "./fetch_weights.ts";
import { loadLayersModel } from "./load_layers_model.ts";
import ranges from "./resnet50_ranges.json" with { type: "json" };

/** Folder for downloads and what is made of them; git ignores it. */
export const cacheFolder: string = fileURLToPath(new URL("../../.cache", import.meta.url));

/**
 * The encoder graph in float32, for pictures of one size.
 *
 * @throws {EdgecapError} as fetchResnet50 does, if the weights cannot be fetched.
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
 * @param photos Photos to calibrate int8 on; without them, the ranges of resnet50_ranges.json are taken.
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
  return encodeModel(photos === undefined ? quantise(graph, publishedRanges()) : await quantiseEncoder(graph, photos));
}

/** Least and greatest number that each value between the layers is stored with. */
function publishedRanges(): Map<string, ValueRange> {
  const entries = Object.entries(ranges as Record<string, number[]>);
  return new Map(entries.map(([name, [low = 0, high = 0]]) => [name, { low, high }]));
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
      `The size "${values.size}" is not a whole number from 32; 224 and 90 are usual.`,
    );
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new EdgecapError("option-invalid", `The count "${values.count}" is not a whole number from 1.`);
  }
  const calibration = photos !== undefined && list !== undefined ? { folder: photos, list, count } : undefined;
  const out = values.out ?? `${cacheFolder}/encoder/encoder-${precision}-${size}.onnx`;
  const bytes = await makeEncoder(precision, size, calibration);
  await mkdir(dirname(out), { recursive: true });
  await writeAtomically(out, bytes);
  console.log(`Wrote ${out}: ${(bytes.length / 1e6).toFixed(1)} MB, ${precision}, ${size} x ${size} pixels.`);
}

if (import.meta.main) await runMain(main);
