import { importOnnxruntimeNode } from "#packages";
import { exactProducts, type NativeSessionOptions, unsignedWeights } from "../runtime/native.ts";
import type { Precisions } from "./model_files.ts";

/** Precisions whose graphs multiply 8-bit integers. */
const inIntegers: ReadonlySet<Precisions[keyof Precisions]> = new Set(["q8", "int8", "uint8"]);

/**
 * The session options with which onnxruntime runs a model exactly: an option is only set if a graph multiplies 8-bit
 * integers, and this processor's signed products overflow.
 *
 * transformers.js uses native code of its own. If edgecap cannot load the library, no trial product says what this
 * processor does; then the option is set, because it gives the right products on every processor.
 *
 * @param importLibrary Imports the package onnxruntime-node.
 */
export async function exactOptions(
  precisions: Precisions,
  importLibrary: () => Promise<Parameters<typeof exactProducts>[0]> = importOnnxruntimeNode,
): Promise<NativeSessionOptions> {
  if (!Object.values(precisions).some((precision) => inIntegers.has(precision))) return {};
  return importLibrary().then(exactProducts, () => unsignedWeights);
}
