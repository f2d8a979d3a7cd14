import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { pathHint } from "./path_hint.ts";

/** Default limit for reading a file: 512 MiB. */
const mostBytes: number = 512 * 2 ** 20;

/** Bytes that are read at a time, so that an aborted signal is noticed. */
const pieceBytes = 2 ** 24;

/**
 * Bytes of a regular file. Others are refused: a pipe may never be written to, and a device such as `/dev/zero` never
 * ends.
 *
 * @param path The file, or a link to it.
 * @param limit Most bytes to read.
 * @throws {EdgecapError} `file-unreadable` if there is no such file, it is a folder, a pipe, a device or a socket,
 *   or it is longer than the limit.
 * @throws The signal's reason, if it is aborted.
 */
export async function readRegularFile(
  path: string,
  limit: number = mostBytes,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  throwIfAborted(signal);
  try {
    // Checked before opening, because just opening some devices has an effect.
    refuseUnlessRegular(await stat(path), path, limit);
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const found = await file.stat();
      refuseUnlessRegular(found, path, limit);
      return await readUpTo(file, found.size, path, limit, signal);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throwIfAborted(signal);
    throw cause instanceof EdgecapError ? cause : unreadable(path, cause);
  }
}

/**
 * Like {@linkcode readRegularFile}; `undefined` if there is no such file.
 *
 * @throws {EdgecapError} `file-unreadable` for every other reason: a file that cannot be examined must not count as
 *   missing.
 */
export async function readIfThere(path: string, limit: number = mostBytes): Promise<Uint8Array | undefined> {
  try {
    return await readRegularFile(path, limit);
  } catch (error) {
    if ((error as { readonly cause?: { readonly code?: unknown } }).cause?.code === "ENOENT") return undefined;
    throw error;
  }
}

/** The error for a file or folder that cannot be read, from the operating system's error. */
export function unreadable(path: string, cause: unknown): EdgecapError {
  return new EdgecapError("file-unreadable", `Cannot read "${path}": ${whyUnreadable(path, cause)}.`, { cause });
}

function whyUnreadable(path: string, cause: unknown): string {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (code === "ENOENT") return `there is no such file${pathHint(path)}`;
  if (code === "EACCES" || code === "EPERM") return "its permissions do not allow it";
  if (code === "ELOOP") return "it is a link that leads back to itself";
  if (code === "ENAMETOOLONG") return "its name is too long";
  if (code === "EMFILE" || code === "ENFILE") return "too many files are open: raise the limit (ulimit -n)";
  return typeof message === "string" ? message : String(cause);
}

function refuseUnlessRegular(found: Stats, path: string, limit: number): void {
  if (!found.isFile()) {
    throw new EdgecapError("file-unreadable", `Cannot read "${path}": it is ${kindOf(found)}, not a file.`);
  }
  if (found.size > limit) throw tooLong(path, limit);
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  if (found.isSocket()) return "a socket";
  return "a device";
}

function tooLong(path: string, limit: number): EdgecapError {
  return new EdgecapError(
    "file-unreadable",
    `Cannot read "${path}": it is larger than ${(limit / 2 ** 20).toFixed(0)} MiB, the limit for one file.`,
  );
}

/** The rest of a file, which may grow or shrink in the meantime. */
async function readUpTo(
  file: FileHandle,
  size: number,
  path: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  // Exactly as long as the file, so that its last user can release the buffer.
  let bytes = new Uint8Array(size);
  const next = new Uint8Array(1);
  let length = 0;
  for (;;) {
    throwIfAborted(signal);
    const isFull = length === bytes.length;
    // One more byte shows whether the file ends at the stated size.
    const { bytesRead } = isFull
      ? await file.read(next, 0, 1)
      : await file.read(bytes, length, Math.min(bytes.length - length, pieceBytes));
    if (bytesRead === 0) return isFull ? bytes : bytes.subarray(0, length);
    if (isFull) {
      const larger = new Uint8Array(2 * bytes.length + pieceBytes / 256);
      larger.set(bytes);
      larger.set(next, length);
      bytes = larger;
    }
    length += bytesRead;
    if (length > limit) throw tooLong(path, limit);
  }
}
