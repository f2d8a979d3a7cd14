import { EdgecapError } from "../errors.ts";
import type { Captions } from "./captions.ts";
import { looksLikeImage } from "./image_name.ts";
import { parseKaggleCaptions } from "./kaggle_captions.ts";
import { parseKarpathyCaptions } from "./karpathy_captions.ts";
import { decodeLines, lineError, quoted, readDatasetFile } from "./text_lines.ts";
import { parseTokenCaptions } from "./token_captions.ts";

/**
 * Reads a captions file; see {@linkcode parseCaptions}.
 *
 * @throws {EdgecapError} `file-unreadable`; `data-invalid`.
 */
export async function readCaptions(path: string): Promise<Captions> {
  return parseCaptions(await readDatasetFile(path), path);
}

/**
 * Parses the contents of a captions file. The layout is detected:
 *
 * - `kaggle`: `image,caption` rows as Kaggle publishes Flickr8k, with or without that header; captions may be quoted as
 *   in RFC 4180, and an unquoted one may hold commas. A header may name further columns, in any order; captions with
 *   commas must then be quoted;
 * - `token`: `image#number<TAB>caption` rows, as Flickr8k.token.txt has them;
 * - `karpathy`: JSON as in Karpathy's dataset_flickr8k.json, which also names splits.
 *
 * Rows without a caption are dropped and counted.
 *
 * @param bytes UTF-8, with or without a byte order mark, with LF or CRLF.
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid` if the file is empty, in another encoding or layout, has its columns swapped
 *   or further columns without a header that names them, holds a caption above 1,000 words or no caption at all; the
 *   message names the file and the line.
 */
export function parseCaptions(bytes: Uint8Array, file: string): Captions {
  if (startsLikeJson(bytes)) return parseKarpathyCaptions(bytes, file);
  for (const line of decodeLines(bytes, file)) {
    const text = line.text.trim();
    if (text === "") continue;
    // The first row may have no caption.
    if (/^[^,]*(?:\t|#\d+\s*$)/.test(line.text)) return parseTokenCaptions(decodeLines(bytes, file), file);
    if (text.includes(",") || looksLikeImage(text)) return parseKaggleCaptions(decodeLines(bytes, file), file);
    const what = `is ${quoted(text)}, which is not how a captions file begins. Give "image,caption" rows, "image#0<TAB>caption" rows or Karpathy's JSON.`;
    throw lineError(file, line.number, what);
  }
  throw new EdgecapError("data-invalid", `"${file}" is empty. Give a file with captions.`);
}

/** JSON may be one line of any length, so the first bytes must decide. */
function startsLikeJson(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, 1024));
  return /^\s*(?:\{|\[\s*[{["])/.test(head);
}
