import { mkdir } from "node:fs/promises";
import { EdgecapError, unwritable } from "../errors.ts";
import { isQuotedHome } from "./quoted_home.ts";

/**
 * Makes a folder and those above it, unless they exist.
 *
 * @throws {EdgecapError} `file-unwritable`, also if the path begins with `~`: a folder of that name would be made, and
 *   whoever removes it later may remove their home folder.
 */
export async function makeFolder(path: string): Promise<void> {
  if (isQuotedHome(path)) {
    const why = "only a shell replaces ~, and only outside quotes: write the whole path, or ./~ for that very name";
    throw new EdgecapError("file-unwritable", `Cannot write "${path}": ${why}.`);
  }
  await mkdir(path, { recursive: true }).catch(async (cause: unknown) => {
    throw unwritable(path, await reason(path, cause));
  });
}

/** Why a folder cannot be made. On a read-only file system, Node says that something does not exist. */
async function reason(path: string, cause: unknown): Promise<unknown> {
  if ((cause as { readonly code?: unknown }).code !== "ENOENT") return cause;
  return await mkdir(path).then(
    () => cause,
    (error: unknown) => error,
  );
}
