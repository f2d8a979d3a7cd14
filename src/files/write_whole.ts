import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unwritable } from "../errors.ts";

/** A file that is being written: it has its name only once {@linkcode UnfinishedFile.finish} is through. */
export interface UnfinishedFile extends AsyncDisposable {
  /**
   * Writes all of some bytes behind those that are there.
   *
   * @throws {EdgecapError} `file-unwritable`, for instance where the disk is full.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The content is whole: it reaches the disk, and then replaces what had the name.
   *
   * @throws {EdgecapError} `file-unwritable`
   */
  finish(): Promise<void>;
}

/** Names of unfinished files: nobody can know one beforehand and lay a link there. */
const unfinishedName = /^\.edgecap-(\d+)-[0-9a-f]{24}\.partial$/;

/** An unfinished file that was not written to for so long belongs to a process that is gone, in milliseconds. */
const abandonedMs = 600_000;

/**
 * Begins a file beside its name. A reader of the name finds the old content or the new one; what is disposed of without having been
 * finished leaves nothing.
 *
 * @param like The file that it replaces, whose permissions and, if the system allows it, owner it takes over.
 * @throws {EdgecapError} `file-unwritable`
 */
export async function createFile(path: string, like?: Stats): Promise<UnfinishedFile> {
  const unfinished = join(dirname(path), `.edgecap-${process.pid}-${randomBytes(12).toString("hex")}.partial`);
  let file: FileHandle | undefined;
  try {
    // "x": neither a file nor a link that stands there is taken.
    file = await open(unfinished, "wx");
    if (like !== undefined) {
      await file.chown(like.uid, like.gid).catch(() => {});
      await file.chmod(like.mode & 0o7777);
    }
  } catch (cause) {
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
        // A disk about to be full takes a part and says so only by a count.
        for (let done = 0; done < bytes.length; ) done += (await file!.write(bytes, done)).bytesWritten;
      } catch (cause) {
        throw unwritable(path, cause);
      }
    },
    finish: async () => {
      try {
        await file!.sync();
        await close();
        await rename(unfinished, path);
        finished = true;
      } catch (cause) {
        throw unwritable(path, cause);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await close().catch(() => {});
      if (!finished) await rm(unfinished, { force: true }).catch(() => {});
    },
  };
}

/**
 * Writes a file as a whole: a reader finds the old content or the new one, after a power cut too.
 *
 * @param like As {@linkcode createFile} takes it.
 * @throws {EdgecapError} `file-unwritable`, for instance where the disk is full; nothing half-written is left.
 */
export async function writeWhole(path: string, content: string | Uint8Array, like?: Stats): Promise<void> {
  await using file = await createFile(path, like);
  await file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  await file.finish();
}

/**
 * Removes the unfinished files that killed processes left in a folder, and none of this process. What cannot be removed stays.
 *
 * @param olderThanMs Only those that were not written to for so long, in milliseconds. Default ten minutes; 0 where nobody
 *   else writes to the folder.
 */
export async function removeAbandoned(folder: string, olderThanMs: number = abandonedMs): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const owner = unfinishedName.exec(name)?.[1];
    if (owner === undefined || Number(owner) === process.pid) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    // The file's time has parts of a millisecond, which the clock's lacks.
    if (found !== undefined && Date.now() - Math.floor(found.mtimeMs) >= olderThanMs)
      await rm(path, { force: true }).catch(() => {});
  }
}
