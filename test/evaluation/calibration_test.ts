import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { areaUnderCurve, calibrationBins, calibrationError, type Outcome } from "../../src/evaluation/calibration.ts";

const outcome = fc.record({
  confidence: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => Math.round(value * 20) / 20),
  right: fc.boolean(),
});
const outcomes = fc.array(outcome, { maxLength: 60 });

describe("calibrationError()", () => {
  test("is zero if each chance equals the outcome", () => {
    const exact = [0.25, 0.25, 0.25, 0.25].map((confidence, i) => ({ confidence, right: i === 0 }));
    expect(calibrationError(exact)).toBeCloseTo(0, 12);
    expect(calibrationError([])).toBe(0);
  });

  test("is the mean distance, by bins", () => {
    const wrong: Outcome[] = [
      { confidence: 0.9, right: false },
      { confidence: 0.95, right: true },
      { confidence: 0.1, right: true },
      { confidence: 1, right: true },
    ];
    // (3 * |0.95 - 2/3| + 1 * |0.1 - 1|) / 4
    expect(calibrationError(wrong)).toBeCloseTo((3 * (0.95 - 2 / 3) + 0.9) / 4, 12);
  });

  test("counts every prediction in one bin, between its bounds", () => {
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 1, max: 12 }), (some, bins) => {
        const found = calibrationBins(some, bins);
        expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(some.length);
        for (const { low, high, count, confidence } of found) {
          if (count > 0) expect(confidence >= low - 1e-9 && confidence <= high + 1e-9).toBe(true);
        }
        const error = calibrationError(some, bins);
        expect(error >= 0 && error <= 1).toBe(true);
      }),
    );
  });
});

test("areaUnderCurve() is the share of pairs in which the right one is surer", () => {
  fc.assert(
    fc.property(outcomes, (some) => {
      const right = some.filter((one) => one.right);
      const wrong = some.filter((one) => !one.right);
      const found = areaUnderCurve(some);
      let won = 0;
      for (const a of right) for (const b of wrong) won += (1 + Math.sign(a.confidence - b.confidence)) / 2;
      if (right.length === 0 || wrong.length === 0) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(won / (right.length * wrong.length), 12);
    }),
  );
});
