import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { placeOf, veil } from "../../../src/server/page/client/attention_map.ts";

/** All of the attention on one region of 7 x 7. */
function single(region: number): number[] {
  return Array.from({ length: 49 }, (_, i) => (i === region ? 1 : 0));
}

describe("veil()", () => {
  const size = 112;
  const opacity = (pixels: Uint8ClampedArray, x: number, y: number) => pixels[(y * size + x) * 4 + 3]!;

  test("is clear at the centre of the region that was looked at, and dark far from it", () => {
    for (let region = 0; region < 49; region++) {
      const pixels = veil(single(region), size);
      const row = Math.floor(region / 7);
      const column = region % 7;
      const middle = opacity(pixels, column * 16 + 8, row * 16 + 8);
      expect(middle).toBeLessThan(10);
      const far = opacity(pixels, column > 3 ? 0 : size - 1, row > 3 ? 0 : size - 1);
      expect(far).toBe(204);
    }
  });

  test("is clear everywhere if every region was looked at equally", () => {
    for (const share of [1 / 49, 0]) {
      const pixels = veil(new Array<number>(49).fill(share), size);
      expect(pixels.every((value) => value === 0)).toBe(true);
    }
  });

  test("has no seam: neighbouring pixels are similar", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 49, maxLength: 49 }), (shares) => {
        const pixels = veil(
          shares.map((share) => share + 0.1),
          size,
        );
        for (let y = 0; y < size; y += 5) {
          for (let x = 1; x < size; x++) {
            expect(Math.abs(opacity(pixels, x, y) - opacity(pixels, x - 1, y))).toBeLessThan(40);
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("placeOf()", () => {
  test("names the ninth of the photo that has the most attention", () => {
    const named = [0, 3, 6, 21, 24, 27, 42, 45, 48].map((region) => placeOf(single(region)));
    expect(named).toEqual([
      "top left",
      "top",
      "top right",
      "left",
      "centre",
      "right",
      "bottom left",
      "bottom",
      "bottom right",
    ]);
  });

  test("says so if no part has a quarter of it", () => {
    const shares = [0.12, 0.11, 0.11, 0.11, 0.11, 0.11, 0.11, 0.11, 0.11];
    expect(placeOf(shares)).toBe("whole photo");
  });

  test("has words for every map", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 12 })
          .chain((side) =>
            fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: side ** 2, maxLength: side ** 2 }),
          ),
        (shares) => {
          expect(placeOf(shares)).toMatch(/^(whole photo|centre|(top|bottom)( left| right)?|left|right)$/);
        },
      ),
    );
  });
});
