import { existsSync } from "node:fs";
import { join } from "node:path";
import { EdgecapError } from "../errors.ts";

/** Precisions by the suffix of their file names, best for a CPU first. */
const precisions = [
  ["fp32", ""],
  ["q8", "_quantized"],
  ["int8", "_int8"],
  ["uint8", "_uint8"],
  ["q4", "_q4"],
  ["bnb4", "_bnb4"],
  ["fp16", "_fp16"],
  ["q4f16", "_q4f16"],
] as const;

/** Precision of each of a model's graphs. */
export type Precisions = Readonly<Record<"encoder_model" | "decoder_model_merged", (typeof precisions)[number][0]>>;

/**
 * Checks that a folder has the layout of transformers.js, and finds the precisions of its graphs.
 *
 * @throws {EdgecapError} `bundle-missing` if there is no such folder, `bundle-file-missing` naming what it lacks.
 */
export function modelFiles(folder: string): Precisions {
  if (!existsSync(join(folder, "config.json"))) {
    throw new EdgecapError("bundle-missing", `No model at "${folder}": it has no config.json.`);
  }
  for (const file of ["tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"]) {
    if (!existsSync(join(folder, file))) throw lacks(folder, file);
  }
  const precisionOf = (graph: keyof Precisions) => {
    const found = precisions.find(([, ending]) => existsSync(join(folder, "onnx", `${graph}${ending}.onnx`)));
    if (found === undefined) throw lacks(folder, `onnx/${graph}.onnx`);
    return found[0];
  };
  return { encoder_model: precisionOf("encoder_model"), decoder_model_merged: precisionOf("decoder_model_merged") };
}

function lacks(folder: string, file: string): EdgecapError {
  return new EdgecapError(
    "bundle-file-missing",
    `The model "${folder}" lacks "${file}": export it in the layout of transformers.js, and copy all of its folder.`,
  );
}
