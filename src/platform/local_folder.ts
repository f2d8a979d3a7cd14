import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EdgecapError } from "../errors.ts";

/**
 * A folder of this machine as a URL.
 *
 * @param folder A path, relative to the working folder unless it is absolute, or a `file:` URL.
 * @throws {EdgecapError} `option-invalid` if it is an address elsewhere.
 */
export function localFolder(folder: string | URL): URL {
  const text = String(folder);
  if (!/^[a-z][a-z\d+.-]+:/i.test(text)) return pathToFileURL(resolve(text));
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "file:") return url;
  throw new EdgecapError(
    "option-invalid",
    `assets is "${text}": give the path or file: URL of the folder that "edgecap assets" wrote. Only browsers fetch it.`,
  );
}
