import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { quartiles } from "../../bench/quartiles.ts";
import type { Sample, Soaked } from "./soak_way.ts";

/** Growth per minute, by least squares. */
function slope(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const minutes = samples.map(({ seconds }) => seconds / 60);
  const values = samples.map(value);
  const [x, y] = [mean(minutes), mean(values)];
  const spread = minutes.reduce((sum, minute) => sum + (minute - x) ** 2, 0);
  return minutes.reduce((sum, minute, i) => sum + (minute - x) * (values[i]! - y), 0) / spread;
}

/** The row of one way. Growth is that of the second half, when everything is warm. */
export function soakRow({ way, samples, captioned, refused, wrong, times }: Soaked): string {
  const end = samples.at(-1)!.seconds;
  const late = samples.filter(({ seconds }) => seconds >= end / 2);
  const files = samples.map((sample) => sample.files);
  const between = (from: number, to: number) =>
    quartiles(times.filter(({ seconds }) => seconds >= from * end && seconds <= to * end).map(({ ms }) => ms)).median;
  // Other programs change how long a caption takes, but hardly how much of the processor it needs.
  const work = (from: number, to: number) => {
    const part = samples.filter(({ seconds }) => seconds >= from * end && seconds <= to * end);
    const [first, last] = [part[0]!, part.at(-1)!];
    return (last.processorMs - first.processorMs) / (last.asked - first.asked);
  };
  const memory = `${samples[0]!.mebibytes.toFixed(0)} to ${samples.at(-1)!.mebibytes.toFixed(0)}`;
  const growth = slope(late, (sample) => sample.mebibytes).toFixed(2);
  const latency = `${between(0, 0.2).toFixed(0)}, ${between(0.8, 1).toFixed(0)}`;
  const moreFiles = (60 * slope(late, (sample) => sample.files)).toFixed(2);
  const processor = `${work(0, 0.2).toFixed(0)}, ${work(0.8, 1).toFixed(0)}`;
  const open = `${files[0]} to ${files.at(-1)}`;
  const cells = [way, captioned, refused, wrong.length, memory, growth, open, moreFiles, latency, processor];
  return `| ${cells.join(" | ")} |`;
}

/** The head of the table with rows by {@linkcode soakRow}. */
export const soakHead: string = [
  "| way | captioned | refused | wrong | memory, MiB | growth, MiB a minute | open files | growth, files an hour " +
    "| median ms of a caption, first and last fifth | processor ms per picture, first and last fifth |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
].join("\n");

/** Memory over time, a line for each way, as an SVG. */
export async function soakChart(all: readonly Soaked[]): Promise<string> {
  const values = all.flatMap(({ way, samples }) =>
    samples.map(({ seconds, mebibytes }) => ({ way, minutes: seconds / 60, mebibytes: Math.round(mebibytes) })),
  );
  const spec: TopLevelSpec = {
    width: 560,
    height: 260,
    background: "white",
    data: { values },
    mark: { type: "line", strokeWidth: 1.5 },
    encoding: {
      x: { field: "minutes", type: "quantitative", title: "minutes" },
      y: { field: "mebibytes", type: "quantitative", title: "resident memory, MiB", scale: { zero: true } },
      color: { field: "way", type: "nominal", title: null },
    },
  };
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
