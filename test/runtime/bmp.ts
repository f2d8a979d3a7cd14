/** A square picture as a BMP file. @param rgb [size, size, 3], row by row from the top. */
export function bmp(rgb: Uint8Array, size: number): Uint8Array {
  const row = Math.ceil((size * 3) / 4) * 4;
  const file = new Uint8Array(54 + row * size);
  const view = new DataView(file.buffer);
  file.set([0x42, 0x4d]);
  view.setUint32(2, file.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, size, true);
  // If it were positive, rows would come from the bottom.
  view.setInt32(22, -size, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = (y * size + x) * 3;
      file.set([rgb[from + 2]!, rgb[from + 1]!, rgb[from]!], 54 + y * row + x * 3);
    }
  }
  return file;
}
