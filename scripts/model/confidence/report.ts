import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import {
  areaUnderCurve,
  calibrationBins,
  calibrationError,
  type Outcome,
} from "../../../src/evaluation/calibration.ts";
import { mean } from "../../../src/evaluation/mean.ts";
import { evaluateText } from "../../../src/evaluation/mod.ts";

/** A caption that is judged. */
export interface JudgedCaption extends Outcome {
  readonly key: string;
  readonly caption: string;
  /** Captions that people wrote for the same photo. */
  readonly people: readonly string[];
}

/** Figures of a confidence on a set of photos. */
export interface WorldReport {
  readonly photos: number;
  /** Share of the captions that is right. */
  readonly right: number;
  /** Expected calibration error, 10 bins. */
  readonly error: number;
  /** The error that chance would give with so few photos, even if every confidence were exact. */
  readonly chanceError: number;
  /** Area under the ROC curve. */
  readonly auc: number;
  /** CIDEr of all captions. */
  readonly cider: number;
  /** CIDEr of the surer half, by the same document frequencies. */
  readonly surerCider: number;
}

/** Judges the confidence of captions on one set of photos. */
export function reportOf(captions: readonly JudgedCaption[]): WorldReport {
  const items = captions.map(({ key, caption, people }) => ({ id: key, hypothesis: caption, references: people }));
  const { cider, perImage = [] } = evaluateText(items, { perImage: true });
  const surer = captions
    .map(({ confidence }, i) => ({ confidence, cider: perImage[i]!.cider }))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, Math.ceil(captions.length / 2));
  return {
    photos: captions.length,
    right: mean(captions.map(({ right }) => Number(right))),
    error: calibrationError(captions),
    chanceError: chanceError(captions),
    auc: areaUnderCurve(captions),
    cider,
    surerCider: mean(surer.map((one) => one.cider)),
  };
}

/** The reports as a table in Markdown. */
export function reportTable(reports: ReadonlyMap<string, WorldReport>): string {
  const row = (name: string, { photos, right, error, chanceError, auc, cider, surerCider }: WorldReport) =>
    [name, photos, ...[right, error, chanceError, auc, cider, surerCider].map((value) => value.toFixed(3))].join(" | ");
  return [
    "| photos | how many | right | calibration error | by chance alone | AUC | CIDEr | CIDEr of the surer half |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...[...reports].map(([name, report]) => `| ${row(name, report)} |`),
  ].join("\n");
}

/** The bins of all captions as a table in Markdown. */
export function binTable(outcomes: readonly Outcome[]): string {
  return [
    "| confidence | captions | mean confidence | right |",
    "| --- | --- | --- | --- |",
    ...calibrationBins(outcomes).map(
      ({ low, high, count, confidence, right }) =>
        `| ${low.toFixed(1)} to ${high.toFixed(1)} | ${count} | ${confidence.toFixed(2)} | ${right.toFixed(2)} |`,
    ),
  ].join("\n");
}

/** Mean calibration error of outcomes that are drawn with their confidence as probability. */
function chanceError(outcomes: readonly Outcome[]): number {
  const random = new SeededRandom(1);
  const draws = Array.from({ length: 200 }, () =>
    calibrationError(outcomes.map(({ confidence }) => ({ confidence, right: random.next() < confidence }))),
  );
  return mean(draws);
}

/** The share of pictures without a scene whose confidence is below one half. */
export function shareBelowHalf(confidences: readonly number[]): number {
  return mean(confidences.map((confidence) => Number(confidence < 0.5)));
}
