import type { RunOptions } from "../training/run/run_folder.ts";
import type { TensorflowBackend } from "../training/tensorflow.ts";
import { phaseProgress } from "./progress.ts";
import { reportLine } from "./report_line.ts";

/** Callbacks that report the progress of a training run. @param backend The tfjs backend. */
export async function runReports(
  backend: TensorflowBackend,
): Promise<Required<Pick<RunOptions, "onPhase" | "onEstimate" | "onProgress">>> {
  const { estimateLine } = await import("../training/run/step_estimate.ts");
  let bar = phaseProgress("photos");
  return {
    onPhase: (phase, detail) => {
      bar = phaseProgress(phase === "features" ? "photos" : "steps");
      reportLine(phase, phase === "training" ? `${detail}, on ${backend}` : detail);
    },
    onEstimate: (estimate) => reportLine("estimate", estimateLine(estimate, backend)),
    onProgress: (done, total, loss) => bar(done, total, loss === undefined ? undefined : `loss ${loss.toFixed(3)}`),
  };
}
