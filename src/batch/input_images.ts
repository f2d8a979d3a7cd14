import { createReadStream, type Stats } from "node:fs";
import { glob, open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { EdgecapError } from "../errors.ts";
import { localPath, notPath } from "../files/local_path.ts";
import { pathHint } from "../files/path_hint.ts";
import { readRegularFile, unreadable } from "../files/read_regular.ts";
import { hasHiddenPart, imageKinds, imageName, isHidden } from "./image_names.ts";
import { readPathList } from "./path_list.ts";
import { walkFolder } from "./walk_folder.ts";

/** The input that stands for a list on standard input. */
export const standardInput = "-";

/** How {@linkcode inputImages} looks for pictures. */
export interface InputOptions {
  /** Whether to include hidden and system files and folders of a folder or a pattern. Default false. */
  readonly hidden?: boolean;
  /** Called for what cannot be read and for lines of a list that do not name a file; both are skipped. */
  readonly onProblem: (error: EdgecapError) => void;
}

/**
 * Paths of pictures, one after another. There may be any number: they are never all in memory.
 *
 * @param inputs Folders, whose pictures are taken, including subfolders and linked folders; patterns; pictures; `-` and
 *   other files, which are lists as {@linkcode readPathList} reads them.
 * @param stdin Where `-` reads from.
 * @throws {EdgecapError} `file-unreadable` if there is no such input or a pattern matches none, `data-invalid` if a
 *   file is neither picture nor list.
 */
export async function* inputImages(
  inputs: Iterable<string>,
  stdin: Readable,
  options: InputOptions,
): AsyncGenerator<string, void, undefined> {
  for (const input of inputs) {
    if (input === standardInput) yield* readPathList(stdin, { ...options, name: "standard input" });
    else yield* imagesOf(localPath(input), options);
  }
}

async function* imagesOf(input: string, options: InputOptions): AsyncGenerator<string, void, undefined> {
  let found: Stats;
  try {
    found = await stat(input);
  } catch (cause) {
    if (isPattern(input) && notPath(input) === undefined) {
      let matches = 0;
      for await (const picture of picturesMatching(input, options.hidden)) {
        matches++;
        yield picture;
      }
      if (matches === 0) throw noMatch(input);
      return;
    }
    if ((cause as { readonly code?: unknown }).code !== "ENOENT") throw unreadable(input, cause);
    const refused = notPath(input);
    if (refused !== undefined) throw refused;
    throw new EdgecapError(
      "file-unreadable",
      `"${input}" does not exist${pathHint(input) || ": give a folder, a pattern, a picture, or a list with one path per line"}.`,
    );
  }
  if (found.isDirectory()) yield* walkFolder(input, options);
  else if (imageName.test(input) || (found.isFile() && (await beginsLikePicture(input)))) yield input;
  else {
    try {
      yield* readPathList(createReadStream(input), { ...options, name: `"${input}"` });
    } catch (cause) {
      throw cause instanceof EdgecapError ? cause : unreadable(input, cause);
    }
  }
}

/** Whether an argument that does not name a file is a pattern. */
export function isPattern(input: string): boolean {
  return /[*?[{]/.test(input);
}

/**
 * Pictures that a pattern such as `photos/*.jpg` matches.
 *
 * @param hidden Whether to include hidden and system files and folders that the pattern does not name. Default false.
 */
export async function* picturesMatching(pattern: string, hidden = false): AsyncGenerator<string, void, undefined> {
  const named = pattern.split(/[\\/]/).filter(isHidden);
  for await (const file of glob(pattern)) {
    if (!imageName.test(file)) continue;
    // `.*` names every hidden file, `.cache` only that one.
    const rest = file.split(/[\\/]/).filter((part) => !named.includes(part));
    if (hidden || named.some(isPattern) || !hasHiddenPart(rest.join("/"))) yield file;
  }
}

/**
 * Bytes of a picture's file, which must be a regular file of at most 512 MiB.
 *
 * @throws {EdgecapError} `file-unreadable`, which says what to do with an address or a pattern.
 */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(path);
  } catch (error) {
    // Only for what is not there: a file may have the name of an address or a pattern.
    const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown };
    if (code !== "ENOENT" && code !== "ENAMETOOLONG") throw error;
    throw notPath(path) ?? (isPattern(path) ? noMatch(path) : error);
  }
}

/** The error for a pattern that matches no picture. */
function noMatch(pattern: string): EdgecapError {
  return new EdgecapError(
    "file-unreadable",
    `"${pattern}" is not a file, and as a pattern it matches no ${imageKinds} file (--hidden includes hidden ones).`,
  );
}

/** The error for a folder without pictures. */
export function noPictures(folder: string): EdgecapError {
  return new EdgecapError(
    "file-unreadable",
    `The folder "${folder}" contains no ${imageKinds} file (use --hidden to include hidden ones).`,
  );
}

/** First bytes of picture formats, including those that edgecap names and refuses. */
const signatures: readonly RegExp[] = [
  /^\xff\xd8\xff/,
  /^\x89PNG\r\n/,
  /^GIF8[79]a/,
  /^RIFF.{4}WEBP/s,
  /^BM.{4}\0\0\0\0/s,
  /^(?:II\*\0|MM\0\*)/,
  /^\0\0\0.ftyp/s,
];

/** Whether a file holds a picture, whatever its name, so that it is not read as a list. */
async function beginsLikePicture(path: string): Promise<boolean> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const head = new Uint8Array(16);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const text = String.fromCharCode(...head.subarray(0, bytesRead));
    return signatures.some((signature) => signature.test(text));
  } finally {
    await file.close();
  }
}
