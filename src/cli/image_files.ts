import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { imageName, picturesMatching, readImageFile, standardInput } from "../batch/input_images.ts";
import { EdgecapError } from "../errors.ts";

/**
 * Files that the arguments name: folders give their pictures by name, sub-folders included; patterns give what they match.
 *
 * A name that matches nothing is kept, so that reading it reports the error in its place.
 */
export async function imageFiles(args: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const arg of args) {
    const found = arg === standardInput ? undefined : await stat(arg).catch(() => undefined);
    if (found?.isDirectory()) files.push(...(await picturesIn(arg)));
    else if (found === undefined && /[*?[{]/.test(arg)) files.push(...(await matches(arg)));
    else files.push(arg);
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

async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  const pictures = entries.filter((name) => imageName.test(name)).sort();
  if (pictures.length === 0) {
    throw new EdgecapError("file-unreadable", `The folder "${folder}" holds no JPEG, PNG, WebP, GIF or BMP file.`);
  }
  return pictures.map((name) => join(folder, name));
}

async function matches(pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const file of picturesMatching(pattern)) found.push(file);
  return found.length === 0 ? [pattern] : found.sort();
}
