import { describe, expect, test } from "bun:test";
import { type Example, fitLogistic } from "../../scripts/model/confidence/fit_logistic.ts";
import { ConfidenceModel } from "../../src/confidence/confidence_model.ts";
import { type Evidence, evidenceNames } from "../../src/confidence/evidence.ts";
import { SeededRandom } from "../../src/dataset/seeded_random.ts";
import { areaUnderCurve, calibrationError } from "../../src/evaluation/calibration.ts";

const none = Object.fromEntries(evidenceNames.map((name) => [name, 0])) as Evidence;

/** Examples that are right with a known probability. */
function drawn(count: number, seed: number): Example[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => {
    const [margin, words] = [random.normal() / 10, 8 + 2 * random.normal()];
    const chance = 1 / (1 + Math.exp(-(0.5 + 12 * margin - 0.4 * (words - 8))));
    return { evidence: { ...none, margin, words }, right: random.next() < chance };
  });
}

describe("fitLogistic()", () => {
  const fit = fitLogistic(drawn(600, 1));

  test("finds what the probability depends on, and is calibrated on other examples", () => {
    expect(fit.features).toEqual(["words", "margin"]);
    expect(fit.weights[0]! / fit.scale[0]!).toBeCloseTo(-0.4, 0);
    expect(fit.weights[1]! / fit.scale[1]!).toBeGreaterThan(8);
    const model = new ConfidenceModel(fit, "here");
    const outcomes = drawn(2000, 2).map(({ evidence, right }) => ({ confidence: model.confidence(evidence), right }));
    expect(calibrationError(outcomes)).toBeLessThan(0.05);
    expect(areaUnderCurve(outcomes)).toBeGreaterThan(0.7);
  });

  test("gives the same fit of the same examples", () => {
    expect(fitLogistic(drawn(60, 3))).toEqual(fitLogistic(drawn(60, 3)));
  });

  test("refuses examples with nothing to tell apart", () => {
    const right = drawn(9, 1).map((example) => ({ ...example, right: true }));
    expect(() => fitLogistic(right)).toThrow(RangeError);
    expect(() => fitLogistic([])).toThrow(RangeError);
  });
});
