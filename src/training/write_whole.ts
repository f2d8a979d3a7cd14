import { rename, rm, writeFile } from "node:fs/promises";
import { unwritable } from "../errors.ts";

/**
 * Writes a file beside its name and then gives it the name, so that a reader finds the old one or the new one.
 *
 * @throws {EdgecapError} `file-unwritable`, for instance where the disk is full; nothing half-written is left.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writeFile(partial, content);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    throw unwritable(path, cause);
  }
}
