import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mirror, moved, viewsOf } from "../../../src/training/encoder/photo_views.ts";

/** A picture of 4 x 4 pixels. Red is the row, green the column. */
const picture = Uint8Array.from({ length: 48 }, (_, i) => [i / 12, (i % 12) / 3, 7][i % 3]!);
const at = (rgb: Uint8Array, row: number, column: number) => [...rgb.subarray(12 * row + 3 * column).subarray(0, 3)];

describe("mirror()", () => {
  test("turns rows round and comes back when done twice", () => {
    const rgb = Uint8Array.from({ length: 12 }, (_, i) => i);
    expect([...mirror(rgb, 2)]).toEqual([3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8]);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (any) => {
        expect(mirror(mirror(any, 4), 4)).toEqual(any);
      }),
    );
  });
});

describe("moved()", () => {
  test("shows what lies below and to the right, and repeats the edge", () => {
    const made = moved(picture, 4, 1, 2);
    expect(at(made, 0, 0)).toEqual([1, 2, 7]);
    expect(at(made, 1, 1)).toEqual([2, 3, 7]);
    expect(at(made, 3, 0)).toEqual([3, 2, 7]);
    expect(at(made, 2, 3)).toEqual([3, 3, 7]);
  });
});

describe("viewsOf()", () => {
  test("are the photo itself, its mirror image, then both moved", () => {
    expect(viewsOf(picture, 4, 1)).toEqual([picture]);
    expect(viewsOf(picture, 4, 2)).toEqual([picture, mirror(picture, 4)]);
    const eight = viewsOf(picture, 4, 8, 1);
    expect(eight[0]).toEqual(picture);
    expect(eight[3]).toEqual(moved(picture, 4, 1, 1));
    expect(eight[4]).toEqual(mirror(picture, 4));
    expect(eight[6]).toEqual(moved(mirror(picture, 4), 4, 1, 0));
    expect(new Set(eight.map(String)).size).toBe(8);
  });
});
