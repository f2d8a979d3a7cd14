import { importOnnxruntimeNode } from "../../src/platform/packages.ts";

/**
 * Optimises a graph with native onnxruntime, only in ways that suit every processor, and writes the result.
 *
 * @param path The `.onnx` file.
 * @param out Path of the optimised graph.
 * @param format `.onnx` (default), or onnxruntime's own.
 */
export async function optimiseGraph(path: string, out: string, format: "ONNX" | "ORT" = "ONNX"): Promise<void> {
  // Loaded only when needed: it should not be in memory while something else is measured.
  const { InferenceSession } = await importOnnxruntimeNode();
  const session = await InferenceSession.create(path, {
    graphOptimizationLevel: "extended",
    optimizedModelFilePath: out,
    extra: { session: { save_model_format: format } },
  });
  await session.release();
}
