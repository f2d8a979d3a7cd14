import * as vega from "vega";
import { compile } from "vega-lite";
import type { EpochRecord } from "../run/epochs.ts";

/** A curve of one figure over the epochs. */
interface Curve {
  readonly title: string;
  readonly value: (record: EpochRecord) => number;
}

const curves: readonly Curve[] = [
  { title: "training loss per word", value: ({ loss }) => loss },
  { title: "dev CIDEr, greedy", value: ({ score }) => score },
];

/** Curves of the training loss and the dev score over the epochs, each as an SVG. */
export async function trainingCurves(records: readonly EpochRecord[]): Promise<string[]> {
  return Promise.all(curves.map((curve) => curveSvg(curve, records)));
}

async function curveSvg({ title, value }: Curve, records: readonly EpochRecord[]): Promise<string> {
  const { spec } = compile({
    title,
    width: 400,
    height: 220,
    background: "white",
    data: { values: records.map((record) => ({ epoch: record.epoch, value: value(record) })) },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "epoch", type: "quantitative", axis: { tickMinStep: 1, format: "d" }, scale: { zero: false } },
      y: { field: "value", type: "quantitative", title: null, axis: { format: ".3~g" }, scale: { zero: false } },
    },
  });
  return new vega.View(vega.parse(spec), { renderer: "none" }).toSVG();
}
