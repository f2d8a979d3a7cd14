import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { access, constants, type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EdgecapError, unwritable } from "../errors.ts";
import { abandonedMs, removeLeftovers } from "./remove_leftovers.ts";
import { writeAll } from "./write_all.ts";

/** A file that is being written; it gets its name only when {@linkcode UnfinishedFile.finish} completes. */
export interface UnfinishedFile extends AsyncDisposable {
  /**
   * Appends bytes.
   *
   * @throws {EdgecapError} `file-unwritable`, for instance if the disk is full.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The content is complete: flushes it to disk, then replaces the file of that name.
   *
   * @returns The system's facts about the file as it was written, even if it has changed since.
   * @throws {EdgecapError} `file-unwritable`
   */
  finish(): Promise<Stats>;
}

/** Names of unfinished files are unpredictable, so that nobody can place a link there. */
const unfinishedName = /^\.edgecap-\d+-[0-9a-f]{24}\.partial$/;

/**
 * Names of the files that this process is writing. Process numbers do not suffice: in containers, many processes have
 * the same one.
 */
const ownUnfinished = new Set<string>();

/** Folders in which this process has written, and therefore removed what others left. */
const cleaned = new Set<string>();

/**
 * Begins a file beside its final name. A reader of the name finds the old content or the new one; a file disposed of
 * without being finished leaves nothing behind.
 *
 * @param like The file that it replaces, whose permissions and, if the system allows it, owner it takes over.
 * @throws {EdgecapError} `file-unwritable`
 */
export async function createAtomicFile(path: string, like?: Stats): Promise<UnfinishedFile> {
  const folder = dirname(path);
  if (!cleaned.has(folder)) {
    cleaned.add(folder);
    await removeAbandoned(folder);
  }
  const name = `.edgecap-${process.pid}-${randomBytes(12).toString("hex")}.partial`;
  const unfinished = join(folder, name);
  ownUnfinished.add(name);
  let file: FileHandle | undefined;
  try {
    // "x" refuses an existing file or link.
    file = await open(unfinished, "wx");
    if (like !== undefined) {
      await file.chown(like.uid, like.gid).catch(() => {});
      await file.chmod(like.mode & 0o7777);
    }
  } catch (cause) {
    if (file !== undefined) await rm(unfinished, { force: true }).catch(() => {});
    await file?.close().catch(() => {});
    ownUnfinished.delete(name);
    throw unwritable(path, cause);
  }
  const close = async () => {
    await file?.close();
    file = undefined;
  };
  let finished = false;
  return {
    write: async (bytes) => {
      try {
        await writeAll(file!, bytes);
      } catch (cause) {
        throw unwritable(path, cause);
      }
    },
    finish: async () => {
      try {
        await file!.sync();
        const written = await file!.stat();
        await close();
        await rename(unfinished, path);
        finished = true;
        ownUnfinished.delete(name);
        return written;
      } catch (cause) {
        throw unwritable(path, cause);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await close().catch(() => {});
      if (!finished) await rm(unfinished, { force: true }).catch(() => {});
      ownUnfinished.delete(name);
    },
  };
}

/**
 * Writes a file atomically: a reader finds the old content or the new one, even after a power cut.
 *
 * @param like As {@linkcode createAtomicFile} takes it.
 * @throws {EdgecapError} `file-unwritable`, for instance if the disk is full; nothing half-written is left.
 */
export async function writeAtomically(path: string, content: string | Uint8Array, like?: Stats): Promise<void> {
  await using file = await createAtomicFile(path, like);
  await file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  await file.finish();
}

/**
 * Checks that the permissions of a file allow writing. To replace it, those of its folder are enough.
 *
 * @param found The system's facts about the file.
 * @throws {EdgecapError} `file-unwritable`
 */
export async function assertWritable(path: string, { mode }: Stats): Promise<void> {
  const mayWrite = await access(path, constants.W_OK).then(
    // An administrator may write any file, even one that somebody protected.
    () => (mode & 0o222) !== 0,
    () => false,
  );
  if (!mayWrite) throw new EdgecapError("file-unwritable", `Cannot write "${path}": its permissions do not allow it.`);
}

/**
 * Replaces the content of a file in one step. It keeps its permissions and, if the system allows it, its owner.
 *
 * @param path The file itself, not a link to it.
 * @param before The system's facts about the file when its content was read.
 * @returns The system's facts about the file as it was written.
 * @throws {EdgecapError} `file-unwritable`, also if the file is read-only; `data-invalid` if it has changed since it
 *   was read. The file is then left unchanged.
 */
export async function replaceAtomically(path: string, content: Uint8Array, before: Stats): Promise<Stats> {
  await assertWritable(path, before);
  await using file = await createAtomicFile(path, before);
  await file.write(content);
  const now = await stat(path).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  if (now.size !== before.size || now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) {
    throw new EdgecapError(
      "data-invalid",
      `"${path}" was changed by another program in the meantime, so it was left unchanged: try again.`,
    );
  }
  return await file.finish();
}

/**
 * Removes the unfinished files that killed processes left in a folder, but none of this process. What cannot be removed
 * stays.
 *
 * @param olderThanMs Only files not written to for this long, in milliseconds. Default ten minutes; use 0 if nobody
 *   else writes to the folder.
 */
export async function removeAbandoned(folder: string, olderThanMs: number = abandonedMs): Promise<void> {
  const isName = (name: string) => unfinishedName.test(name) && !ownUnfinished.has(name);
  await removeLeftovers(folder, { kind: "file", isName, olderThanMs });
}
