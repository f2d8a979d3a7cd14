/**
 * Folders and stored downloads on runtimes with a file system. Imported as `#storage`, which package.json maps to this
 * file or, in a browser, to storage_browser.ts; both export the same.
 */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { removeAbandoned, writeAtomically } from "../files/atomic_write.ts";
import { isAlive } from "../files/is_alive.ts";
import { isQuotedHome } from "../files/quoted_home.ts";
import { readRegularFile } from "../files/read_regular.ts";
import { type FileStore, type Folder, noStore, type PartialFile, partialInMemory } from "./file_store.ts";
import { linuxFeatures } from "./processor.ts";
import { runtimeVersion } from "./runtime_name.ts";

/** A folder by its path or its `file:` URL. Only regular files in it are read: a pipe or a device would never end. */
export function openFolder(folder: string | URL): Folder {
  const where = folder instanceof URL ? fileURLToPath(folder) : resolve(folder);
  return { where, read: (path, limit, signal) => readRegularFile(join(where, path), limit, signal) };
}

/**
 * Folder for downloads: `EDGECAP_CACHE`, otherwise `edgecap` in the operating system's cache folder for the user
 * (`XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`). `undefined` if the environment cannot be
 * read.
 */
export function cacheFolder(): string | undefined {
  try {
    const { env, platform } = process;
    const chosen = env["EDGECAP_CACHE"];
    // Files of settings, such as a container's or a service's, do not replace ~ as a shell does.
    if (chosen) return isQuotedHome(chosen) ? join(homedir(), chosen.slice(1)) : resolve(chosen);
    if (platform === "win32")
      return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "edgecap", "cache");
    if (platform === "darwin") return join(homedir(), "Library", "Caches", "edgecap");
    // Its specification says to ignore a relative path.
    const caches = env["XDG_CACHE_HOME"] ?? "";
    return join(isAbsolute(caches) ? caches : join(homedir(), ".cache"), "edgecap");
  } catch {
    // Deno lacks the permission, so bundles are downloaded at each start.
    return undefined;
  }
}

/**
 * Runtime, system, cores and, if readable, the processor's features, which distinguish the measurements of one machine
 * from those of another. Nothing that makes Deno ask its user.
 */
export function describeMachine(): string {
  const { platform, arch } = process;
  return `${runtimeVersion()}, ${platform}, ${arch}, ${navigator.hardwareConcurrency} cores, ${linuxFeatures().join(" ")}`;
}

/** The store for downloads; if no folder can be made, one that stores nothing. */
export async function openStore(): Promise<FileStore> {
  const folder = cacheFolder();
  if (folder === undefined) return noStore;
  try {
    await mkdir(folder, { recursive: true });
  } catch {
    return noStore;
  }
  await removeAbandoned(folder);
  return diskStore(folder);
}

/** Longest file in a store, in bytes. */
const longestStored = 2 ** 31 - 1;

/** A store in a folder. Several processes may use it at once. */
export function diskStore(folder: string): FileStore {
  const place = (key: string) => join(folder, key);
  return {
    read: (key) => readRegularFile(place(key), longestStored).catch(() => undefined),
    // If the disk is full, this start still gets its bundle; the next one downloads it again.
    write: (key, bytes) => writeAtomically(place(key), bytes).catch(() => {}),
    remove: (key) => rm(place(key), { force: true }).catch(() => {}),
    partial: (key) => openPartial(folder, key).catch(() => partialInMemory()),
  };
}

/** Partial files that this process is writing; its other partial files are left over from failed downloads. */
const held = new Set<string>();

async function openPartial(folder: string, key: string): Promise<PartialFile> {
  // The name is unpredictable, so that nobody can place a link there.
  const name = `${key}.${process.pid}-${randomBytes(12).toString("hex")}.partial`;
  const path = join(folder, name);
  held.add(name);
  const adopted = await adopt(folder, key, path);
  const file = await open(path, adopted ? "a+" : "ax+");
  let { size } = await file.stat();
  let finished = false;
  return {
    get size() {
      return size;
    },
    append: async (chunk) => {
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await file.write(chunk, done);
        done += bytesWritten;
        // Counted at once: a nearly full disk takes a part, and the rest fails.
        size += bytesWritten;
      }
    },
    restart: async () => {
      await file.truncate(0);
      size = 0;
    },
    bytes: () => readFile(path),
    finish: async () => {
      await file.sync();
      await rename(path, join(folder, key));
      finished = true;
    },
    [Symbol.asyncDispose]: async () => {
      await file.close();
      held.delete(name);
      if (!finished && size === 0) await rm(path, { force: true });
    },
  };
}

/** Takes over the partial file of a process that is gone, if any; renaming lets only one process win. */
async function adopt(folder: string, key: string, path: string): Promise<boolean> {
  for (const name of await readdir(folder)) {
    const owner = new RegExp(`^${key}\\.(\\d+)-[0-9a-f]+\\.partial$`).exec(name)?.[1];
    if (owner === undefined || held.has(name)) continue;
    if (Number(owner) !== process.pid && isAlive(Number(owner))) continue;
    // A planted link would lead to a file that is not ours.
    if (!(await lstat(join(folder, name)).catch(() => undefined))?.isFile()) continue;
    const taken = await rename(join(folder, name), path).then(
      () => true,
      () => false,
    );
    if (taken) return true;
  }
  return false;
}
