import { EdgecapError } from "../errors.ts";

/** Most bytes of a document that is read: 8 MiB. */
export const mostDocumentBytes: number = 8 * 2 ** 20;

/** The text of a document, and how it is written. */
export interface DocumentText {
  /** Its byte order mark, if it has one. */
  readonly mark: string;
  /** The bytes after the mark. */
  readonly text: string;
  /** The bytes of a text in the document's encoding. */
  encode(text: string): Uint8Array;
}

/**
 * Reads the bytes of a document so that its text, encoded again, gives the very same bytes.
 *
 * HTML in an older encoding is read byte by byte: all its markup is ASCII. In Markdown, a byte that looks like markup
 * may be part of a letter there.
 *
 * @param name Names it in messages.
 * @throws {EdgecapError} `data-invalid` if its encoding is not supported.
 */
export function documentText(bytes: Uint8Array, name: string, format: "html" | "markdown"): DocumentText {
  const other = otherEncoding(bytes);
  if (other !== undefined) throw unsupported(name, other);
  try {
    // The decoder keeps the mark; it is removed here.
    const all = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const mark = all.startsWith("\ufeff") ? "\ufeff" : "";
    return { mark, text: all.slice(mark.length), encode: (text) => new TextEncoder().encode(text) };
  } catch (cause) {
    if (format === "markdown") throw unsupported(name, "not in UTF-8", cause);
  }
  return {
    mark: "",
    text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"),
    encode: (text) => Buffer.from(text, "latin1"),
  };
}

/** Says which encoding bytes are in, if its markup cannot be found byte by byte. */
function otherEncoding(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return "in UTF-16";
  // In UTF-16 and UTF-32, ASCII has a zero next to each character; other encodings have no zeros.
  if (bytes.subarray(0, 1024).includes(0)) return "in UTF-16 or UTF-32, or not text";
  const at = bytes.indexOf(0x1b);
  if (at >= 0 && (bytes[at + 1] === 0x24 || bytes[at + 1] === 0x28)) return "in ISO-2022";
  return undefined;
}

function unsupported(name: string, encoding: string, cause?: unknown): EdgecapError {
  return new EdgecapError(
    "data-invalid",
    `"${name}" is ${encoding}, so it was left unchanged: save it as UTF-8 first.`,
    {
      cause,
    },
  );
}
