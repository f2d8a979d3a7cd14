import type { Place } from "./language/messages.ts";

/** How dark the photo is where the model did not look at all, of 255. */
const darkest = 204;

/**
 * Pixels of the veil over the photo: clear where the model looked most, dark where it looked least.
 *
 * @param attention Shares of a square grid of regions, row by row.
 * @param size Side of the square of pixels.
 * @returns Red, green, blue and opacity of each pixel, row by row.
 */
export function veil(attention: readonly number[], size: number): Uint8ClampedArray<ArrayBuffer> {
  const side = Math.round(Math.sqrt(attention.length));
  const greatest = Math.max(...attention);
  const pixels = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y++) {
    const row = between(y, size, side);
    for (let x = 0; x < size; x++) {
      const column = between(x, size, side);
      const at = (r: number, c: number) => attention[r * side + c]!;
      const top = mix(at(row.low, column.low), at(row.low, column.high), column.part);
      const bottom = mix(at(row.high, column.low), at(row.high, column.high), column.part);
      // The root makes regions visible that the model looked at only a little.
      const light = greatest > 0 ? Math.sqrt(mix(top, bottom, row.part) / greatest) : 1;
      pixels[(y * size + x) * 4 + 3] = darkest * (1 - light);
    }
  }
  return pixels;
}

/**
 * The two regions whose centres a pixel lies between, and its position between them, smoothed so that no edge shows.
 *
 */
function between(pixel: number, size: number, side: number): { low: number; high: number; part: number } {
  const place = Math.min(Math.max(((pixel + 0.5) / size) * side - 0.5, 0), side - 1);
  const low = Math.floor(place);
  const part = place - low;
  return { low, high: Math.min(low + 1, side - 1), part: part * part * (3 - 2 * part) };
}

function mix(a: number, b: number, part: number): number {
  return a + (b - a) * part;
}

const rows = ["top", "middle", "bottom"] as const;
const columns = ["left", "centre", "right"] as const;

/** Where the model looked, for people who do not see the veil. */
export function placeOf(attention: readonly number[]): Place {
  const side = Math.round(Math.sqrt(attention.length));
  const shares = new Array<number>(9).fill(0);
  const third = (index: number) => Math.min(Math.floor(((index + 0.5) / side) * 3), 2);
  for (const [region, share] of attention.entries()) {
    shares[third(Math.floor(region / side)) * 3 + third(region % side)]! += share;
  }
  const greatest = Math.max(...shares);
  if (greatest < 1 / 4) return "whole photo";
  const place = shares.indexOf(greatest);
  const row = rows[Math.floor(place / 3)]!;
  const column = columns[place % 3]!;
  if (row === "middle") return column;
  return column === "centre" ? row : `${row} ${column}`;
}
