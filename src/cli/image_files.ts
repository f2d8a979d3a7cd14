import { stat } from "node:fs/promises";
import {
  type InputOptions,
  isPattern,
  noPictures,
  picturesMatching,
  readImageFile,
  standardInput,
} from "../batch/input_images.ts";
import { walkFolder } from "../batch/walk_folder.ts";
import { localPath, notPath } from "../files/local_path.ts";

/**
 * Files that the arguments name: folders give their pictures sorted by name, including subfolders and linked folders;
 * patterns give what they match.
 *
 * A name that matches nothing is kept, so that reading it reports the error in its place.
 *
 * @throws {EdgecapError} `file-unreadable` if a folder holds no picture.
 */
export async function imageFiles(args: readonly string[], options: InputOptions): Promise<string[]> {
  const files: string[] = [];
  for (const given of args) {
    const arg = localPath(given);
    const found = arg === standardInput ? undefined : await stat(arg).catch(() => undefined);
    if (found?.isDirectory()) files.push(...(await picturesIn(arg, options)));
    else if (arg !== standardInput && found === undefined && isPattern(arg) && notPath(arg) === undefined) {
      const matches = await sorted(picturesMatching(arg, options.hidden));
      files.push(...(matches.length === 0 ? [arg] : matches));
    } else files.push(arg);
  }
  return files;
}

/**
 * Bytes of a picture's file, or of standard input for `-`.
 *
 * @throws {EdgecapError} `file-unreadable`
 */
export async function readImage(file: string): Promise<Uint8Array> {
  if (file === standardInput) {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  return readImageFile(file);
}

async function picturesIn(folder: string, options: InputOptions): Promise<string[]> {
  const pictures = await sorted(walkFolder(folder, options));
  if (pictures.length === 0) throw noPictures(folder);
  return pictures;
}

async function sorted(paths: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const path of paths) all.push(path);
  return all.sort();
}
