import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { EdgecapError } from "../../errors.ts";
import { removeAbandoned, writeAtomically } from "../../files/atomic_write.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../files/safetensors.ts";

/** Named float32 arrays and the plain data that belongs to them. */
export interface Checkpoint {
  /** Anything JSON can hold: settings, counters, the state of the random numbers. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly arrays: ReadonlyMap<string, Float32Array>;
}

/** Placeholder of the hash: it is computed over the file with these digits in its place. */
const noHash = "0".repeat(64);

/** Beginning of every checkpoint's header, so that the hash is always in the same place. */
const beginning = Buffer.from('{"__metadata__":{"sha256":"');
const hashStart = 8 + beginning.length;

/**
 * Writes a checkpoint: a safetensors file, whose metadata holds the SHA-256 of the file and, as JSON, the plain data. A
 * reader of the path finds the old checkpoint or the new one.
 *
 * @param shapes Shapes of arrays, by the part of their names before a slash. Others have one axis.
 * @throws {EdgecapError} `file-unwritable`
 */
export async function writeCheckpoint(
  path: string,
  { meta, arrays }: Checkpoint,
  shapes: ReadonlyMap<string, readonly number[]> = new Map(),
): Promise<void> {
  const tensors = [...arrays].map(([name, data]): [string, Tensor] => [
    name,
    { kind: "F32", shape: shapes.get(name.replace(/\/.*/, "")) ?? [data.length], data },
  ]);
  const bytes = writeSafetensors(Object.fromEntries(tensors), { sha256: noHash, meta: JSON.stringify(meta) });
  bytes.set(Buffer.from(hashOf(bytes)), hashStart);
  // Remove leftovers: they are as large as a checkpoint, and nobody else writes to the folder of a run.
  await removeAbandoned(dirname(path), 0);
  await writeAtomically(path, bytes);
}

/**
 * Reads what {@linkcode writeCheckpoint} wrote.
 *
 * @throws {EdgecapError} `checkpoint-invalid` if the file is not a checkpoint, is cut short or has changed, or comes
 *   from a version with an older format; `file-unreadable` if it cannot be read.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((cause) => {
    throw new EdgecapError("file-unreadable", `Cannot read the checkpoint "${path}": ${String(cause)}.`, { cause });
  });
  if (/^EDGECAP\d/.test(bytes.toString("latin1", 0, 8))) {
    throw new EdgecapError(
      "checkpoint-invalid",
      `"${path}" is a checkpoint of an earlier version of edgecap. Continue its run with that version, or train again without --resume.`,
    );
  }
  const invalid = (why: string, cause?: unknown) =>
    new EdgecapError(
      "checkpoint-invalid",
      `"${path}" is not a complete checkpoint (${why}). Train again without --resume.`,
      { cause },
    );
  // Checked before the hash, which would only say that something is wrong.
  const { tensors, metadata } = readSafetensors(bytes, invalid);
  const expected = bytes.toString("latin1", hashStart, hashStart + noHash.length);
  if (!bytes.subarray(8).subarray(0, beginning.length).equals(beginning)) throw invalid("it has no hash");
  if (hashOf(bytes) !== expected) {
    throw invalid("its content has changed since it was written, so the disk may be failing");
  }
  const arrays = new Map<string, Float32Array>();
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array)) throw invalid(`the array "${name}" holds numbers other than float32`);
    arrays.set(name, data);
  }
  try {
    const meta: unknown = JSON.parse(metadata["meta"]!);
    if (typeof meta !== "object" || meta === null) throw new Error("it is not an object");
    return { meta: meta as Checkpoint["meta"], arrays };
  } catch (cause) {
    throw invalid("its metadata is damaged", cause);
  }
}

/** The hash of a checkpoint before the hash was written into it, in hexadecimal digits. */
function hashOf(bytes: Uint8Array): string {
  const [before, after] = [bytes.subarray(0, hashStart), bytes.subarray(hashStart + noHash.length)];
  return createHash("sha256").update(before).update(noHash).update(after).digest("hex");
}
