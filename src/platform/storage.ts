/**
 * Folders and kept downloads on runtimes with a file system. Imported as `#storage`, which package.json maps to this
 * file or, in a browser, to storage_browser.ts; both export the same.
 */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { removeAbandoned, writeWhole } from "../files/write_whole.ts";
import { type FileStore, noStore, type PartialFile, partialInMemory } from "./file_store.ts";
import { linuxFeatures } from "./processor.ts";
import { runtimeVersion } from "./runtime_name.ts";

/** A folder by its path or its `file:` URL. */
export function openFolder(folder: string | URL): {
  where: string;
  read: (path: string, signal?: AbortSignal) => Promise<Uint8Array>;
} {
  const where = folder instanceof URL ? fileURLToPath(folder) : resolve(folder);
  return { where, read: async (path, signal) => readFile(join(where, path), signal === undefined ? {} : { signal }) };
}

/**
 * Where downloads are kept: `EDGECAP_CACHE`, else `edgecap` in the user's cache folder as the operating system has it
 * (`XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`). `undefined` where the environment may not be
 * read.
 */
export function cacheFolder(): string | undefined {
  try {
    const { env, platform } = process;
    if (env["EDGECAP_CACHE"]) return resolve(env["EDGECAP_CACHE"]);
    if (platform === "win32")
      return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "edgecap", "cache");
    if (platform === "darwin") return join(homedir(), "Library", "Caches", "edgecap");
    return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "edgecap");
  } catch {
    // Deno without the permission: bundles are then downloaded at each start.
    return undefined;
  }
}

/**
 * Runtime, system, cores and, where they can be read, the processor's features, by which what was found on one machine
 * is told from what was on another; nothing that Deno asks its user about.
 */
export function describeMachine(): string {
  const { platform, arch } = process;
  return `${runtimeVersion()}, ${platform}, ${arch}, ${navigator.hardwareConcurrency} cores, ${linuxFeatures().join(" ")}`;
}

/** The store for downloads; one that keeps nothing where no folder can be made. */
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

/** A store in a folder. Several processes may use it at once. */
export function diskStore(folder: string): FileStore {
  const place = (key: string) => join(folder, key);
  return {
    read: (key) => readFile(place(key)).catch(() => undefined),
    // A full disk costs the next start a download, not this one its bundle.
    write: (key, bytes) => writeWhole(place(key), bytes).catch(() => {}),
    remove: (key) => rm(place(key), { force: true }).catch(() => {}),
    partial: (key) => openPartial(folder, key).catch(() => partialInMemory()),
  };
}

/** Partial files that this process writes now: all others of its own are left from a download that failed. */
const held = new Set<string>();

async function openPartial(folder: string, key: string): Promise<PartialFile> {
  // Nobody can know the name beforehand and lay a link there.
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
      let done = 0;
      while (done < chunk.length) done += (await file.write(chunk, done)).bytesWritten;
      size += chunk.length;
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

/** Takes over what a process that is no more has left of the file, if anything: renaming lets one taker win. */
async function adopt(folder: string, key: string, path: string): Promise<boolean> {
  for (const name of await readdir(folder)) {
    const owner = new RegExp(`^${key}\\.(\\d+)-[0-9a-f]+\\.partial$`).exec(name)?.[1];
    if (owner === undefined || held.has(name)) continue;
    if (Number(owner) !== process.pid && isAlive(Number(owner))) continue;
    // A link that was laid there leads to what is not ours to write to.
    if (!(await lstat(join(folder, name)).catch(() => undefined))?.isFile()) continue;
    const taken = await rename(join(folder, name), path).then(
      () => true,
      () => false,
    );
    if (taken) return true;
  }
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { readonly code?: string }).code === "EPERM";
  }
}
