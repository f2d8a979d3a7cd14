import { EdgecapError } from "../errors.ts";
import { copyGraph, type Graph } from "./graph.ts";
import { encodeModel } from "./onnx_proto.ts";
import type { Histogram, ValueRange } from "./value_range.ts";

/**
 * Runs a model over the calibration inputs, one after another, and yields the outputs of each run by name.
 *
 * The caller provides the runtime and the inputs; this folder depends on neither.
 */
export type CalibrationRuns = (model: Uint8Array) => AsyncIterable<ReadonlyMap<string, Float32Array>>;

const bins = 2048;

/**
 * Records the values inside a graph while it runs.
 *
 * Runs the inputs twice: once for the extremes, and once for the histogram between them.
 *
 * @param graph The float32 graph.
 * @param values Names of the values to record; constants and inputs are not allowed.
 * @param runs Runs the graph with those values as its outputs.
 * @returns For each value, how its elements are spread over 2,048 bins.
 * @throws {EdgecapError} `data-invalid` if there was no run, or a value was not finite.
 */
export async function calibrate(
  graph: Graph,
  values: readonly string[],
  runs: CalibrationRuns,
): Promise<Map<string, Histogram>> {
  const watched = copyGraph(graph);
  watched.outputs = values.map((name) => ({ name, type: "float32", shape: null }));
  const model = encodeModel(watched);

  const ranges = new Map<string, ValueRange>();
  for await (const outputs of runs(model)) {
    for (const name of values) ranges.set(name, widened(ranges.get(name), name, outputs.get(name)));
  }
  if (ranges.size !== values.length) {
    throw new EdgecapError(
      "data-invalid",
      `Calibration of graph "${graph.name}" had no input to run: give at least one.`,
    );
  }

  const histograms = new Map([...ranges].map(([name, range]) => [name, { range, counts: new Float64Array(bins) }]));
  for await (const outputs of runs(model)) {
    for (const [name, histogram] of histograms) count(histogram, outputs.get(name)!);
  }
  return histograms;
}

function widened(range: ValueRange | undefined, name: string, elements: Float32Array | undefined): ValueRange {
  let { low, high } = range ?? { low: 0, high: 0 };
  for (const element of elements ?? [Number.NaN]) {
    if (element < low) low = element;
    else if (element > high) high = element;
    else if (Number.isNaN(element)) high = element;
  }
  if (!Number.isFinite(high - low)) {
    throw new EdgecapError(
      "data-invalid",
      `Value "${name}" was not finite in a calibration run, so it has no range: check the inputs.`,
    );
  }
  return { low, high };
}

function count({ range: { low, high }, counts }: Histogram, elements: Float32Array): void {
  const perBin = bins / (high - low || 1);
  for (let i = 0; i < elements.length; i++) {
    const bin = Math.min(bins - 1, Math.floor((elements[i]! - low) * perBin));
    counts[bin] = counts[bin]! + 1;
  }
}
