import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** A file that has not been written to for this long, in milliseconds, belongs to a process that is gone. */
export const abandonedMs = 600_000;

/** The files or folders that {@linkcode removeLeftovers} removes. */
export interface Leftovers {
  /** Whether they are folders or files. */
  readonly kind: "file" | "folder";
  /** Whether a name can be that of a leftover. */
  readonly isName: (name: string) => boolean;
  /** Only what was not written to for this long, in milliseconds. */
  readonly olderThanMs: number;
}

/** Removes what killed processes left in a folder. What cannot be removed stays. */
export async function removeLeftovers(folder: string, { kind, isName, olderThanMs }: Leftovers): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!isName(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.isDirectory() !== (kind === "folder")) continue;
    // The file's time has fractions of a millisecond, the clock's does not.
    if (Date.now() - Math.floor(found.mtimeMs) < olderThanMs) continue;
    await rm(path, { recursive: kind === "folder", force: true }).catch(() => {});
  }
}
