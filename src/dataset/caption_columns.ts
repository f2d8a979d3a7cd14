import { EdgecapError } from "../errors.ts";
import { looksLikeImage } from "./image_name.ts";
import { lineError, quoted } from "./text_lines.ts";

/** Where the columns of a captions file are. */
export interface CaptionColumns {
  readonly count: number;
  /** Place of the column, counted from 0. */
  readonly image: number;
  readonly caption: number;
}

/** Possible names of the image column, best first, as {@linkcode plain} writes them. */
const imageNames = [
  "image",
  "filename",
  "imagename",
  "imagefile",
  "file",
  "imagepath",
  "filepath",
  "path",
  "img",
  "photo",
  "picture",
  "imageid",
];
/** Possible names of the caption column, best first. */
const captionNames = ["caption", "comment", "sentence", "captiontext", "text", "description", "raw"];

/**
 * Reads the first line of a captions file if it names the columns: two or more, including one of images and one of
 * captions.
 *
 * @returns `undefined` if the line contains a picture, so it is not a header.
 * @throws {EdgecapError} `data-invalid` if one of the two columns is missing or occurs twice, or the two are swapped.
 */
export function readHeader(text: string, file: string, line: number): CaptionColumns | undefined {
  const names = text.split(",").map((field) => plain(field));
  const known = names.filter((name) => imageNames.includes(name) || captionNames.includes(name));
  // A caption may be a single word that is also a column name. So a line is not a header if it contains a picture, or
  // none of these names.
  if (known.length === 0 || names.length < 2 || text.split(",").some((field) => looksLikeImage(unquoted(field)))) {
    return undefined;
  }
  // Other columns may have any name, but if one looks like a sentence or a number, the line is a row.
  if (/^\d+$/.test(unquoted(text.split(",")[0]!))) return undefined;
  const image = placeOf(imageNames, names);
  const caption = placeOf(captionNames, names);
  if (image === undefined || caption === undefined) {
    const missing = image === undefined ? "image" : "caption";
    const what = `names the columns ${quoted(text)}, but exactly one column must be called "${missing}". Rename it.`;
    throw lineError(file, line, what);
  }
  if (names.length === 2 && image > caption) {
    const what = `has its columns swapped: ${quoted(text)}. The header has to be "image,caption".`;
    throw new EdgecapError("data-invalid", `Line ${line} of "${file}" ${what}`);
  }
  return { count: names.length, image, caption };
}

/** The position of the best name that occurs exactly once. */
function placeOf(wanted: readonly string[], names: readonly string[]): number | undefined {
  for (const name of wanted) {
    const place = names.indexOf(name);
    if (place === -1) continue;
    return names.indexOf(name, place + 1) === -1 ? place : undefined;
  }
  return undefined;
}

function unquoted(field: string): string {
  return field
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .trim();
}

/** A name in lower case, without the characters between its words. */
function plain(field: string): string {
  return unquoted(field)
    .toLowerCase()
    .replace(/[\s_.-]/g, "");
}
