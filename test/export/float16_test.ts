import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { float16Bits, toFloat16 } from "../../src/export/float16.ts";

/** The number that the bits `half` stand for in half precision. */
function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe("float16Bits()", () => {
  test("gives every half back unchanged", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = float16Value(bits);
      if (Number.isNaN(value)) expect(float16Value(float16Bits(value))).toBeNaN();
      else expect(float16Bits(value)).toBe(bits);
    }
  });

  test("chooses the nearest half-precision number, and the even one of two equally near", () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = float16Bits(value);
        const error = Math.abs(float16Value(bits) - value);
        for (const other of [bits - 1, bits + 1]) {
          const distance = Math.abs(float16Value(other & 0xffff) - value);
          if (!Number.isFinite(distance)) continue;
          expect(distance).toBeGreaterThanOrEqual(error);
          if (distance === error && error > 0) expect(bits % 2).toBe(0);
        }
      }),
    );
  });

  test("rounds numbers that are too large to infinity", () => {
    expect(float16Value(float16Bits(65519))).toBe(65504);
    expect(float16Value(float16Bits(65520))).toBe(Number.POSITIVE_INFINITY);
    expect(float16Value(float16Bits(-1e9))).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("toFloat16()", () => {
  test("keeps numbers that are halves", () => {
    expect(Array.from(toFloat16([0, -0.5, 1, 1023.5]), float16Value)).toEqual([0, -0.5, 1, 1023.5]);
  });
});
