/** Changes to a photo after which people would still describe it in the same way. */
import { decodeImage } from "../../../src/image/decode.ts";
import { bmp } from "../../../test/runtime/bmp.ts";

/** A square photo: red, green, blue, row by row. */
interface Square {
  readonly rgb: Uint8Array;
  readonly size: number;
}

async function squareOf(photo: Uint8Array, size: number): Promise<Square> {
  return { rgb: (await decodeImage(photo, { size })).rgb, size };
}

/** The picture whose pixel at (x, y) is that of the old one at `from(x, y)`. */
function moved({ rgb }: Square, old: number, size: number, from: (x: number, y: number) => [number, number]): Square {
  const pixels = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [fromX, fromY] = from(x, y);
      const place = (fromY * old + fromX) * 3;
      pixels.set(rgb.subarray(place, place + 3), (y * size + x) * 3);
    }
  }
  return { rgb: pixels, size };
}

/** Swaps left and right. */
function mirrored(square: Square): Square {
  return moved(square, square.size, square.size, (x, y) => [square.size - 1 - x, y]);
}

/** Cuts a share of the width and height off each edge. */
function cropped(square: Square, share: number): Square {
  const edge = Math.round(square.size * share);
  return moved(square, square.size, square.size - 2 * edge, (x, y) => [x + edge, y + edge]);
}

/** Multiplies each colour by a factor, up to white. */
function brightened({ rgb, size }: Square, factor: number): Square {
  return { rgb: rgb.map((value) => Math.min(255, Math.round(value * factor))), size };
}

/** The changes by name. */
export const photoChanges: Readonly<Record<string, (photo: Uint8Array) => Promise<Uint8Array>>> = {
  "left and right exchanged": async (photo) => file(mirrored(await squareOf(photo, 224))),
  "3 % cut off at each edge": async (photo) => file(cropped(await squareOf(photo, 224), 0.03)),
  "saved again as JPEG of quality 70": async (photo) => await new Bun.Image(photo).jpeg({ quality: 70 }).bytes(),
  "10 % brighter": async (photo) => file(brightened(await squareOf(photo, 224), 1.1)),
};

function file({ rgb, size }: Square): Uint8Array {
  return bmp(rgb, size);
}
