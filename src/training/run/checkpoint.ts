import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { EdgecapError } from "../../errors.ts";
import { removeAbandoned, writeWhole } from "../../files/write_whole.ts";

/**
 * Written since checkpoints end in a hash; those of before are read too, and what became of their bytes is not known.
 */
const magic = "EDGECAP2";
const magicWithoutHash = "EDGECAP1";
const hashLength = 32;

/** Named float32 arrays and the plain data that belongs to them. */
export interface Checkpoint {
  /** Anything JSON can hold: settings, counters, the state of the random numbers. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly arrays: ReadonlyMap<string, Float32Array>;
}

/**
 * Writes a checkpoint, with a hash of all of it at its end: a reader finds the old one or the new one.
 *
 * @throws {EdgecapError} `file-unwritable`
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const names = [...checkpoint.arrays].map(([name, array]) => ({ name, length: array.length }));
  const head = new TextEncoder().encode(JSON.stringify({ meta: checkpoint.meta, arrays: names }));
  // Four bytes of alignment let the arrays be viewed in place.
  const headLength = Math.ceil(head.length / 4) * 4;
  const end = names.reduce((sum, { length }) => sum + 4 * length, 12 + headLength);
  const bytes = new Uint8Array(end + hashLength).fill(0x20, 12, 12 + headLength);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(8, headLength, true);
  bytes.set(head, 12);
  let offset = 12 + headLength;
  for (const array of checkpoint.arrays.values()) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += array.byteLength;
  }
  bytes.set(hashOf(bytes.subarray(0, end)), end);
  // As large as a checkpoint; nobody else writes to the folder of a run.
  await removeAbandoned(dirname(path), 0);
  await writeWhole(path, bytes);
}

/**
 * Reads what {@linkcode writeCheckpoint} wrote, including older checkpoints without a hash.
 *
 * @throws {EdgecapError} `checkpoint-invalid` if the file is not a checkpoint, is cut short or has changed;
 *   `file-unreadable` if it cannot be read.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((cause) => {
    throw new EdgecapError("file-unreadable", `Cannot read the checkpoint "${path}": ${String(cause)}.`, { cause });
  });
  const invalid = (why: string, cause?: unknown) =>
    new EdgecapError(
      "checkpoint-invalid",
      `"${path}" is not a complete checkpoint (${why}). Train again without --resume.`,
      {
        cause,
      },
    );
  const found = new TextDecoder().decode(bytes.subarray(0, 8));
  if (bytes.length < 12 || (found !== magic && found !== magicWithoutHash)) throw invalid("wrong magic bytes");
  const end = found === magic ? bytes.length - hashLength : bytes.length;
  if (end < 12) throw invalid("it is cut short");
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  if (12 + headLength > end) throw invalid("its head is cut short");
  let head: Head;
  try {
    head = readHead(bytes.subarray(12, 12 + headLength));
  } catch (cause) {
    throw invalid("its head is damaged", cause);
  }
  // Checked before the hash, which would only say that something is wrong.
  let expected = 12 + headLength;
  for (const { name, length } of head.arrays) {
    expected += 4 * length;
    if (expected > end) throw invalid(`the array "${name}" is cut short`);
  }
  if (expected !== end) throw invalid(`${end - expected} bytes too many`);
  if (found === magic && !hashOf(bytes.subarray(0, end)).equals(bytes.subarray(end))) {
    throw invalid("its content has changed since it was written, so the disk may be failing");
  }
  const arrays = new Map<string, Float32Array>();
  let offset = 12 + headLength;
  for (const { name, length } of head.arrays) {
    const array = new Float32Array(length);
    new Uint8Array(array.buffer).set(bytes.subarray(offset, offset + 4 * length));
    arrays.set(name, array);
    offset += 4 * length;
  }
  return { meta: head.meta, arrays };
}

interface Head {
  readonly meta: Record<string, unknown>;
  readonly arrays: readonly { readonly name: string; readonly length: number }[];
}

function readHead(bytes: Uint8Array): Head {
  const { meta, arrays } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Partial<Head>;
  if (typeof meta !== "object" || meta === null || !Array.isArray(arrays)) throw new Error("a part is missing");
  for (const { name, length } of arrays as Head["arrays"]) {
    if (typeof name !== "string" || !Number.isSafeInteger(length) || length < 0) throw new Error("an array is wrong");
  }
  return { meta, arrays };
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
