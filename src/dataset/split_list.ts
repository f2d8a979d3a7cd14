import { EdgecapError } from "../errors.ts";
import { decodeLines, lineError, quoted, readDatasetFile } from "./text_lines.ts";

/**
 * Reads a list of images; see {@linkcode parseSplitList}.
 *
 * @throws {EdgecapError} `file-unreadable`; `data-invalid`.
 */
export async function readSplitList(path: string, known?: ReadonlyMap<string, unknown>): Promise<string[]> {
  return parseSplitList(await readDatasetFile(path), path, known);
}

/**
 * Parses a list file: one image name per line; blank lines are ignored.
 *
 * @param bytes UTF-8, with or without a byte order mark, with LF or CRLF.
 * @param file Name of the file, for error messages.
 * @param known The images that have captions, by name; every listed image must be one of them. Without it, any name is
 *   accepted.
 * @returns The names in the order of the file.
 * @throws {EdgecapError} `data-invalid` if no image is listed, one is listed twice, or one has no captions; the
 *   message names the line.
 */
export function parseSplitList(bytes: Uint8Array, file: string, known?: ReadonlyMap<string, unknown>): string[] {
  const lines = new Map<string, number>();
  for (const { number, text } of decodeLines(bytes, file)) {
    const image = text.trim();
    if (image === "") continue;
    const before = lines.get(image);
    if (before !== undefined) {
      throw lineError(file, number, `lists ${quoted(image)} again, after line ${before}. Remove one of the two.`);
    }
    if (known !== undefined && !known.has(image)) {
      throw lineError(
        file,
        number,
        `lists ${quoted(image)}, for which the captions file has no captions. Remove it or add some.`,
      );
    }
    lines.set(image, number);
  }
  if (lines.size === 0)
    throw new EdgecapError("data-invalid", `"${file}" lists no images. Give one image name per line.`);
  return [...lines.keys()];
}
