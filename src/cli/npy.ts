import { createAtomicFile } from "../files/atomic_write.ts";

/**
 * Writes float32 rows as a NumPy file (format 1.0). The file gets its name once it is complete.
 *
 * @param path The `.npy` file.
 * @param shape Lengths; the first is the number of rows.
 * @param rows Rows; each has as many elements as the product of the other lengths.
 * @throws {EdgecapError} `file-unwritable`, and what `rows` throws; no half-written file is left.
 */
export async function writeNpy(
  path: string,
  shape: readonly number[],
  rows: AsyncIterable<Float32Array>,
): Promise<void> {
  await using file = await createAtomicFile(path);
  await file.write(header(shape));
  for await (const row of rows) await file.write(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
  await file.finish();
}

function header(shape: readonly number[]): Uint8Array {
  const lengths = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${lengths}, }`;
  // The data begins at a multiple of 64 bytes, as NumPy writes it.
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(total).fill(0x20);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[total - 1] = 0x0a;
  return bytes;
}
