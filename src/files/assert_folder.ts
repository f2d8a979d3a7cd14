import { stat } from "node:fs/promises";
import { EdgecapError } from "../errors.ts";
import { isWebAddress } from "./local_path.ts";
import { pathHint } from "./path_hint.ts";
import { unreadable } from "./read_regular.ts";

/** Checks that a path leads to a folder. @throws {EdgecapError} `file-unreadable` */
export async function assertFolder(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    const { code } = cause as { readonly code?: unknown };
    if (code !== "ENOENT" && code !== "ENOTDIR") throw unreadable(path, cause);
    if (isWebAddress(path)) {
      const message = `"${path}" is an address, not a folder: give a folder of this machine with its files.`;
      throw new EdgecapError("file-unreadable", message, { cause });
    }
    throw new EdgecapError(
      "file-unreadable",
      `The folder "${path}" does not exist${pathHint(path) || ": give another one"}.`,
      { cause },
    );
  });
  if (found.isDirectory()) return;
  throw new EdgecapError("file-unreadable", `"${path}" is not a folder: give the folder that contains it.`);
}
