import { importOnnxruntimeNode } from "../../src/platform/packages.ts";

/**
 * Writes a graph as native onnxruntime's optimiser leaves it, with the optimisations that hold on any processor.
 *
 * @param path The `.onnx` file.
 * @param out Where the optimised one goes.
 * @param format `.onnx` (default), or onnxruntime's own.
 */
export async function optimiseGraph(path: string, out: string, format: "ONNX" | "ORT" = "ONNX"): Promise<void> {
  // Not before it is needed: what is measured beside it should not have it loaded.
  const { InferenceSession } = await importOnnxruntimeNode();
  const session = await InferenceSession.create(path, {
    graphOptimizationLevel: "extended",
    optimizedModelFilePath: out,
    extra: { session: { save_model_format: format } },
  });
  await session.release();
}
