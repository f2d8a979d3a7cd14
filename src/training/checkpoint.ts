import { readFile } from "node:fs/promises";
import { EdgecapError } from "../errors.ts";
import { writeWhole } from "./write_whole.ts";

const magic = "EDGECAP1";

/** Named float32 arrays and the plain data that belongs to them. */
export interface Checkpoint {
  /** Anything JSON can hold: settings, counters, the state of the random numbers. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly arrays: ReadonlyMap<string, Float32Array>;
}

/** Writes a checkpoint beside its final name and renames it, so that a reader finds the old one or the new one. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const names = [...checkpoint.arrays].map(([name, array]) => ({ name, length: array.length }));
  const head = new TextEncoder().encode(JSON.stringify({ meta: checkpoint.meta, arrays: names }));
  // Four bytes of alignment let the arrays be viewed in place.
  const headLength = Math.ceil(head.length / 4) * 4;
  const total = names.reduce((sum, { length }) => sum + 4 * length, 12 + headLength);
  const bytes = new Uint8Array(total).fill(0x20, 12, 12 + headLength);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(8, headLength, true);
  bytes.set(head, 12);
  let offset = 12 + headLength;
  for (const array of checkpoint.arrays.values()) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += array.byteLength;
  }
  await writeWhole(path, bytes);
}

/**
 * Reads what {@linkcode writeCheckpoint} wrote.
 *
 * @throws {EdgecapError} `checkpoint-invalid` where the file is none or is cut short; `file-unreadable` where it cannot be read.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((cause) => {
    throw new EdgecapError("file-unreadable", `Cannot read the checkpoint "${path}": ${String(cause)}.`, { cause });
  });
  const invalid = (why: string) =>
    new EdgecapError("checkpoint-invalid", `"${path}" is no whole checkpoint (${why}). Train again without --resume.`);
  if (bytes.length < 12 || new TextDecoder().decode(bytes.subarray(0, 8)) !== magic) throw invalid("wrong magic bytes");
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  if (12 + headLength > bytes.length) throw invalid("its head is cut short");
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + headLength))) as {
    meta: Record<string, unknown>;
    arrays: { name: string; length: number }[];
  };
  const arrays = new Map<string, Float32Array>();
  let offset = 12 + headLength;
  for (const { name, length } of head.arrays) {
    if (offset + 4 * length > bytes.length) throw invalid(`the array "${name}" is cut short`);
    const array = new Float32Array(length);
    new Uint8Array(array.buffer).set(bytes.subarray(offset, offset + 4 * length));
    arrays.set(name, array);
    offset += 4 * length;
  }
  return { meta: head.meta, arrays };
}
