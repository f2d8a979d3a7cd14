import { readDatasetFile } from "./text_lines.ts";

/**
 * The place where a file first names an image, for an error message: `line 3 of "devImages.txt"`.
 *
 * @param files Files that may name it, in the order to search them.
 * @returns `undefined` if none of them does.
 */
export async function findMention(image: string, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = new TextDecoder().decode(await readDatasetFile(file));
    const lines = text.split("\n");
    const line = lines.findIndex((candidate) => candidate.includes(image));
    if (line !== -1 && lines.length > 1) return `line ${line + 1} of "${file}"`;
    if (line !== -1) return `"${file}"`;
  }
  return undefined;
}
