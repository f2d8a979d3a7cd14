/** Number of views of a training photo: unchanged; also mirrored; or also mirrored and moved by half a region. */
export type PhotoViews = 1 | 2 | 8;

/**
 * The views of a photo, itself first. If a photo is moved, the encoder's regions see other parts of it, as in a crop
 * (Krizhevsky, Sutskever and Hinton, 2012).
 *
 * @param rgb Pixels of the photo, [size, size, 3].
 * @param shift How far the photo is moved, in pixels: half a region is 16 for an encoder of the ResNet family.
 */
export function viewsOf(rgb: Uint8Array, size: number, views: PhotoViews, shift = 16): Uint8Array[] {
  if (views === 1) return [rgb];
  const both = [rgb, mirror(rgb, size)];
  if (views === 2) return both;
  const moves = [
    [0, 0],
    [0, shift],
    [shift, 0],
    [shift, shift],
  ] as const;
  return both.flatMap((photo) => moves.map(([up, left]) => moved(photo, size, up, left)));
}

/** The mirrored photo: each row from right to left. */
export function mirror(rgb: Uint8Array, size: number): Uint8Array {
  const places = Array.from({ length: size }, (_, place) => place);
  return picked(rgb, places, places.toReversed());
}

/** The photo moved up and left; the last row or column is repeated to fill the other side. */
export function moved(rgb: Uint8Array, size: number, up: number, left: number): Uint8Array {
  const from = (by: number) => Array.from({ length: size }, (_, place) => Math.min(size - 1, place + by));
  return picked(rgb, from(up), from(left));
}

/** A picture made of these rows and columns of a square one. */
function picked(rgb: Uint8Array, rows: readonly number[], columns: readonly number[]): Uint8Array {
  const made = new Uint8Array(rgb.length);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * columns.length + column) * 3;
      made[to++] = rgb[from]!;
      made[to++] = rgb[from + 1]!;
      made[to++] = rgb[from + 2]!;
    }
  }
  return made;
}
