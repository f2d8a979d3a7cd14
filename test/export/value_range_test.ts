import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  affineOf,
  type Histogram,
  pickRange,
  type RangeMethod,
  type ValueRange,
} from "../../src/export/value_range.ts";

const ranges: fc.Arbitrary<ValueRange> = fc
  .tuple(fc.float({ min: -1000, max: 0, noNaN: true }), fc.float({ min: 0, max: 1000, noNaN: true }))
  .map(([low, high]) => ({ low, high }));

/** Many numbers near 0, and one outlier. */
function withOutlier(): Histogram {
  const counts = new Float64Array(2048);
  for (let bin = 0; bin < 200; bin++) counts[bin] = 1000;
  counts[2047] = 1;
  return { range: { low: 0, high: 100 }, counts };
}

function error(histogram: Histogram, range: ValueRange): number {
  const { scale, zeroPoint } = affineOf(range);
  return histogram.counts.reduce((sum, count, bin) => {
    const value = ((bin + 0.5) / histogram.counts.length) * (histogram.range.high - histogram.range.low);
    const stored = Math.min(255, Math.max(0, Math.round(value / scale) + zeroPoint));
    return sum + count * (value - (stored - zeroPoint) * scale) ** 2;
  }, 0);
}

describe("affineOf()", () => {
  test("keeps 0 exact and covers the range to within a step", () => {
    fc.assert(
      fc.property(ranges, ({ low, high }) => {
        const { scale, zeroPoint } = affineOf({ low, high });
        expect(scale).toBeGreaterThan(0);
        expect(Number.isInteger(zeroPoint) && zeroPoint >= 0 && zeroPoint <= 255).toBe(true);
        expect((0 - zeroPoint) * scale).toBeLessThanOrEqual(low + scale);
        expect((255 - zeroPoint) * scale).toBeGreaterThanOrEqual(high - scale);
      }),
    );
  });

  test("uses the range from 0 upwards for values that are never negative", () => {
    expect(affineOf({ low: 0, high: 51 })).toEqual({ scale: Math.fround(0.2), zeroPoint: 0 });
  });
});

describe("pickRange()", () => {
  const methods: RangeMethod[] = [{ kind: "minmax" }, { kind: "percentile", share: 0.999 }, { kind: "error" }];

  test("stays within the observed values and includes 0", () => {
    for (const method of methods) {
      const { low, high } = pickRange(withOutlier(), method);
      expect(low).toBe(0);
      expect(high).toBeGreaterThan(0);
      expect(high).toBeLessThanOrEqual(100);
    }
  });

  test("cuts off one outlier with the method percentile", () => {
    expect(pickRange(withOutlier(), { kind: "percentile", share: 0.999 }).high).toBeLessThan(11);
  });

  test("has a smaller error with the method error than with the extremes", () => {
    const histogram = withOutlier();
    const found = pickRange(histogram, { kind: "error" });
    expect(error(histogram, found)).toBeLessThan(error(histogram, histogram.range));
  });
});
