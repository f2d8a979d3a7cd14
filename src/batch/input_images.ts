import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import { opendir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { EdgecapError } from "../errors.ts";

/** Names of files that are taken for pictures where a folder or a pattern holds others too. */
export const imageName: RegExp = /\.(jpe?g|png|webp|gif|bmp)$/i;

/** The input that stands for a list on standard input. */
export const standardInput = "-";

/**
 * Paths of pictures, one after another, however many there are: no list of them is ever in memory.
 *
 * @param inputs Folders, which give their pictures, sub-folders included; patterns; pictures; `-` and other files, which
 *   are lists with a path a line.
 * @param stdin Where `-` reads from.
 * @throws {EdgecapError} `file-unreadable` where there is no such input.
 */
export async function* inputImages(inputs: Iterable<string>, stdin: Readable): AsyncGenerator<string, void, undefined> {
  for (const input of inputs) {
    const found = input === standardInput ? undefined : await stat(input).catch(() => undefined);
    if (input === standardInput) yield* linesOf(stdin);
    else if (found?.isDirectory()) yield* picturesIn(input);
    else if (found !== undefined) yield* imageName.test(input) ? [input] : linesOf(createReadStream(input));
    else if (/[*?[{]/.test(input)) yield* picturesMatching(input);
    else {
      throw new EdgecapError(
        "file-unreadable",
        `There is no "${input}": give a folder, a pattern, a picture, or a list with a path a line.`,
      );
    }
  }
}

/**
 * Pictures that a pattern such as `photos/*.jpg` matches.
 *
 * @throws {EdgecapError} `file-unreadable` on Node before version 22, which knows no patterns.
 */
export async function* picturesMatching(pattern: string): AsyncGenerator<string, void, undefined> {
  const { glob } = fs as { readonly glob?: typeof fs.glob };
  if (glob === undefined) {
    throw new EdgecapError(
      "file-unreadable",
      `"${pattern}" is a pattern, which Node ${process.versions.node} cannot look for: leave its quotes out, so that the shell does, or take Node 22.`,
    );
  }
  for await (const file of glob(pattern)) if (imageName.test(file)) yield file;
}

/**
 * Bytes of a picture's file.
 *
 * @throws {EdgecapError} `file-unreadable`
 */
export async function readImageFile(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "there is no such file" : cause.message;
    throw new EdgecapError("file-unreadable", `Cannot read "${path}": ${why}.`, { cause });
  });
}

async function* picturesIn(folder: string): AsyncGenerator<string, void, undefined> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* picturesIn(path);
    else if (imageName.test(entry.name)) yield path;
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string, void, undefined> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== "") yield line.trim();
  }
}
