import { mean } from "./mean.ts";

/** A prediction and its outcome. */
export interface Outcome {
  /** The predicted probability, 0 to 1. */
  readonly confidence: number;
  /** Whether it was right. */
  readonly right: boolean;
}

/** Predictions of about the same probability. */
export interface CalibrationBin {
  /** Bounds of the probability; the upper one belongs to the next bin, except in the last bin. */
  readonly low: number;
  readonly high: number;
  /** Predictions in it. */
  readonly count: number;
  /** Their mean probability; 0 if there are none. */
  readonly confidence: number;
  /** The share of them that was right; 0 if there are none. */
  readonly right: number;
}

/**
 * Sorts predictions into bins of equal width.
 *
 * @param bins How many, at least one. Default 10.
 */
export function calibrationBins(outcomes: readonly Outcome[], bins = 10): CalibrationBin[] {
  const sorted = Array.from({ length: bins }, (): Outcome[] => []);
  for (const outcome of outcomes) sorted[Math.min(bins - 1, Math.floor(outcome.confidence * bins))]!.push(outcome);
  return sorted.map((inside, place) => ({
    low: place / bins,
    high: (place + 1) / bins,
    count: inside.length,
    confidence: mean(inside.map(({ confidence }) => confidence)),
    right: mean(inside.map(({ right }) => Number(right))),
  }));
}

/**
 * Expected calibration error: the average distance between the mean probability of a prediction's bin and the share of
 * it that was right (Guo et al., 2017).
 *
 * @returns 0 to 1; 0 without predictions.
 */
export function calibrationError(outcomes: readonly Outcome[], bins = 10): number {
  const sum = calibrationBins(outcomes, bins).reduce(
    (total, { count, confidence, right }) => total + count * Math.abs(confidence - right),
    0,
  );
  return outcomes.length === 0 ? 0 : sum / outcomes.length;
}

/**
 * The probability that a right prediction has a higher confidence than a wrong one, ties counted half: the area
 * under the ROC curve.
 *
 * @returns 0 to 1; `NaN` unless some were right and some wrong.
 */
export function areaUnderCurve(outcomes: readonly Outcome[]): number {
  const ranked = [...outcomes].sort((a, b) => a.confidence - b.confidence);
  const right = outcomes.filter((outcome) => outcome.right).length;
  const wrong = outcomes.length - right;
  let above = 0;
  let below = 0;
  for (let start = 0; start < ranked.length; ) {
    let end = start;
    while (end < ranked.length && ranked[end]!.confidence === ranked[start]!.confidence) end++;
    const tied = ranked.slice(start, end);
    const tiedRight = tied.filter((outcome) => outcome.right).length;
    const tiedWrong = tied.length - tiedRight;
    above += tiedRight * (below + tiedWrong / 2);
    below += tiedWrong;
    start = end;
  }
  return above / (right * wrong);
}
