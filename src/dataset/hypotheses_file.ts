import { EdgecapError } from "../errors.ts";
import { decodeLines, type Line, lineError, quoted, readDatasetFile } from "./text_lines.ts";

/** Captions that a model gave, and the images it failed on. */
export interface Hypotheses {
  /** For each image, by the last part of its path, the caption; empty if the model said nothing. */
  readonly captions: ReadonlyMap<string, string>;
  /** Images, by the last part of their path, whose line holds an `error` instead of a caption. */
  readonly failed: readonly string[];
}

/**
 * Reads captions to score; see {@linkcode parseHypotheses}.
 *
 * @throws {EdgecapError} `file-unreadable`; `data-invalid`.
 */
export async function readHypotheses(path: string): Promise<Hypotheses> {
  return parseHypotheses(await readDatasetFile(path), path);
}

/**
 * Parses captions to score, one image per line: JSON lines `{"image": ..., "caption": ...}` as `edgecap caption --json`
 * prints them, or `image<TAB>caption`. Each line may have either form. Only the last part of an image's path counts.
 *
 * @param bytes UTF-8, with or without a byte order mark, with LF or CRLF.
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid` if a line has neither form, further columns or the names of columns, an image
 *   occurs twice, or there is no caption.
 */
export function parseHypotheses(bytes: Uint8Array, file: string): Hypotheses {
  const captions = new Map<string, string>();
  const failed = new Set<string>();
  for (const line of decodeLines(bytes, file)) {
    if (line.text.trim() === "") continue;
    if (header.test(line.text)) {
      const what = `names columns: ${quoted(line.text)}. Remove it: every line has to be an image and its caption.`;
      throw lineError(file, line.number, what);
    }
    const { image, caption } = line.text.startsWith("{") ? jsonRow(line, file) : tabRow(line, file);
    const name = image.split(/[\\/]/).at(-1)!.trim();
    if (name === "") throw lineError(file, line.number, `names no image: ${quoted(line.text)}. Name one.`);
    if (captions.has(name) || failed.has(name)) {
      throw lineError(file, line.number, `gives ${quoted(name)} a second caption. Keep one per image.`);
    }
    if (caption === undefined) failed.add(name);
    else captions.set(name, caption);
  }
  if (captions.size === 0) {
    const message = `"${file}" contains no captions. Give "image<TAB>caption" lines, or what edgecap caption --json prints.`;
    throw new EdgecapError("data-invalid", message);
  }
  return { captions, failed: [...failed] };
}

/** A line that names the columns of a table, as spreadsheets write it. */
const header =
  /^"?(?:image|file|file_?name|image_?id|image_?name|path)"?\t"?(?:caption|text|sentence|description)"?(?:\t|$)/i;

interface Row {
  readonly image: string;
  /** Missing if captioning failed. */
  readonly caption: string | undefined;
}

function tabRow({ number, text }: Line, file: string): Row {
  const tab = text.indexOf("\t");
  if (tab === -1) {
    const what = `is ${quoted(text)}, neither "image<TAB>caption" nor {"image": ..., "caption": ...}. Correct or remove it.`;
    throw lineError(file, number, what);
  }
  const [image, caption, ...more] = text.split("\t");
  if (more.length > 0) {
    const what = `has ${more.length + 2} columns: ${quoted(text)}. Each row has to be "image<TAB>caption"; remove the others.`;
    throw lineError(file, number, what);
  }
  return { image: image!, caption: caption! };
}

function jsonRow({ number, text }: Line, file: string): Row {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    throw lineError(file, number, `is not JSON: ${quoted(text)}. Correct or remove it.`);
  }
  const { image, caption, error } = row as { image?: unknown; caption?: unknown; error?: unknown };
  if (typeof image === "string" && typeof caption === "string") return { image, caption };
  if (typeof image === "string" && error !== undefined) return { image, caption: undefined };
  throw lineError(file, number, `needs an "image" and a "caption", both text: ${quoted(text)}. Add them.`);
}
