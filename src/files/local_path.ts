import { fileURLToPath } from "node:url";
import { EdgecapError } from "../errors.ts";

/** Addresses that lead to no file of this machine. */
const webAddress = /^(?:https?|ftps?|s3|gs|blob):/i;

/** Addresses that hold the picture themselves. */
const dataAddress = /^data:/i;

/** Addresses of files of this machine. */
const fileAddress = /^file:\//i;

/** Longest part of an address that a message shows. */
const longestShown = 200;

/**
 * The path that an argument or a line of a list names: that of a `file:` address, and any other text as it is.
 *
 * @throws {EdgecapError} `file-unreadable` if a `file:` address names no path of this machine.
 */
export function localPath(text: string): string {
  if (!fileAddress.test(text)) return text;
  try {
    return fileURLToPath(text);
  } catch (cause) {
    const message = `"${shown(text)}" names no file of this machine: give its path, as in "photos/a.jpg".`;
    throw new EdgecapError("file-unreadable", message, { cause });
  }
}

/** Whether text is an address of the web or of a store, which no file is likely to be named after. */
export function isWebAddress(text: string): boolean {
  return webAddress.test(text);
}

/**
 * The error for a text that is an address or empty; `undefined` for a path. Ask only if there is no such file, because
 * a file may have any name.
 */
export function notPath(text: string): EdgecapError | undefined {
  if (text === "") return refusal('"" is empty, not the path of a file: a variable of the shell may be unset.');
  if (webAddress.test(text)) {
    const download = /^https?:/i.test(text) ? `, or pipe one: curl -sL ADDRESS | edgecap caption -` : "";
    return refusal(`"${shown(text)}" is an address, and edgecap reads files here: download it first${download}.`);
  }
  if (!dataAddress.test(text)) return undefined;
  return refusal(`"${shown(text)}" is a data URL, and edgecap reads files here: write its bytes to a file first.`);
}

function refusal(message: string): EdgecapError {
  return new EdgecapError("file-unreadable", message);
}

function shown(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}
