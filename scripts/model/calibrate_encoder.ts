import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CalibrationRuns } from "../../src/export/calibration.ts";
import { calibrate } from "../../src/export/calibration.ts";
import type { Graph } from "../../src/export/graph.ts";
import { quantise, valuesToCalibrate } from "../../src/export/quantise.ts";
import { pickRange } from "../../src/export/value_range.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { importOnnxruntimeNode } from "../../src/platform/packages.ts";

/** Photos to calibrate on: never those that a model is tuned or tested on. */
export interface CalibrationPhotos {
  readonly folder: string;
  /** File with the names of the photos, one per line. */
  readonly list: string;
  /** How many of them to take, evenly spread over the list. */
  readonly count: number;
}

/** Rewrites the encoder to 8-bit integers, with ranges of the smallest squared error on some photos. */
export async function quantiseEncoder(graph: Graph, photos: CalibrationPhotos): Promise<Graph> {
  const ort = await importOnnxruntimeNode();
  const size = Number(graph.inputs[0]?.shape?.[1]);
  const paths = await chosenPhotos(photos);
  const runs: CalibrationRuns = async function* (model) {
    const session = await ort.InferenceSession.create(model);
    for (const path of paths) {
      const pixels = Float32Array.from((await decodeImage(await readFile(path), { size })).rgb);
      const outputs = await session.run({ pixels: new ort.Tensor("float32", pixels, [1, size, size, 3]) });
      yield new Map(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
    }
    await session.release();
  };
  const histograms = await calibrate(graph, valuesToCalibrate(graph), runs);
  return quantise(graph, new Map([...histograms].map(([name, seen]) => [name, pickRange(seen, { kind: "error" })])));
}

async function chosenPhotos({ folder, list, count }: CalibrationPhotos): Promise<string[]> {
  const names = (await readFile(list, "utf8")).split("\n").filter((line) => line.trim() !== "");
  const step = Math.max(1, Math.floor(names.length / count));
  return names
    .filter((_, index) => index % step === 0)
    .slice(0, count)
    .map((name) => join(folder, name.trim()));
}
