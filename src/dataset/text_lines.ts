import { readFile } from "node:fs/promises";
import { EdgecapError } from "../errors.ts";
import { unreadable } from "../files/read_regular.ts";

/** No line of a captions file is this long; a longer one is refused before it is decoded. */
const maximumLineBytes = 2 ** 20;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One line of a file, without its line break. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * Reads a file of captions or names.
 *
 * @throws {EdgecapError} `file-unreadable`.
 */
export async function readDatasetFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A `data-invalid` error about one line of a file. */
export function lineError(file: string, line: number, what: string): EdgecapError {
  return new EdgecapError("data-invalid", `Line ${line} of "${file}" ${what}`);
}

/** A value of a file as an error message shows it: quoted, on one line, cut to 60 characters. */
export function quoted(value: string): string {
  const characters = [...value.slice(0, 200)];
  return JSON.stringify(characters.length > 60 ? `${characters.slice(0, 60).join("")}…` : characters.join(""));
}

/**
 * The lines of a UTF-8 file, decoded one by one, so that a large file is not in memory twice.
 * A byte order mark is skipped, and lines may end in LF or CRLF.
 *
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid` if the bytes are not UTF-8, naming what they look like, or a line is longer
 *   than 1 MiB.
 */
export function* decodeLines(bytes: Uint8Array, file: string): Generator<Line> {
  for (const { number, line } of byteLines(withoutMark(bytes, file))) {
    if (line.length > maximumLineBytes) {
      throw lineError(file, number, `is ${line.length} bytes long, more than any caption. Shorten or remove it.`);
    }
    const text = decodeLine(line, file, number);
    yield { number, text: text.endsWith("\r") ? text.slice(0, -1) : text };
  }
}

/**
 * A complete UTF-8 file as text.
 *
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid` if the bytes are not UTF-8, naming what they look like.
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  const whole = withoutMark(bytes, file);
  try {
    return strictUtf8.decode(whole);
  } catch (cause) {
    for (const { number, line } of byteLines(whole)) decodeLine(line, file, number);
    throw new EdgecapError("data-invalid", `"${file}" is too long to decode at once. Split it.`, { cause });
  }
}

function* byteLines(bytes: Uint8Array): Generator<{ readonly number: number; readonly line: Uint8Array }> {
  let start = 0;
  for (let number = 1; start < bytes.length; number++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    yield { number, line: bytes.subarray(start, end) };
    start = end + 1;
  }
}

function withoutMark(bytes: Uint8Array, file: string): Uint8Array {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) {
    const message = `"${file}" is ${wide}, not UTF-8. Convert it: iconv -f ${wide} -t UTF-8.`;
    throw new EdgecapError("data-invalid", message);
  }
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** UTF-16 and UTF-32 by their byte order mark; UTF-16 also by the zeros in the first kilobyte. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe) return third === 0 && fourth === 0 ? "UTF-32LE" : "UTF-16LE";
  if (first === 0xfe && second === 0xff) return "UTF-16BE";
  if (first === 0 && second === 0 && third === 0xfe && fourth === 0xff) return "UTF-32BE";
  const zeros = [0, 0];
  const sample = bytes.subarray(0, 1024);
  for (const [place, byte] of sample.entries()) if (byte === 0) zeros[place % 2]!++;
  // In Western text every other byte of UTF-16 is zero; UTF-8 text contains no zeros.
  if (zeros[1]! > sample.length / 4 && zeros[0] === 0) return "UTF-16LE";
  if (zeros[0]! > sample.length / 4 && zeros[1] === 0) return "UTF-16BE";
  return undefined;
}

function decodeLine(bytes: Uint8Array, file: string, line: number): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    // Latin-1 has control characters where Windows-1252 has quotation marks and dashes.
    const windows = bytes.some((byte) => byte >= 0x80 && byte < 0xa0);
    const [encoding, name] = windows ? ["Windows-1252", "WINDOWS-1252"] : ["Latin-1 (ISO-8859-1)", "ISO-8859-1"];
    const what = `is not UTF-8 but looks like ${encoding}. Convert the file: iconv -f ${name} -t UTF-8.`;
    throw new EdgecapError("data-invalid", `Line ${line} of "${file}" ${what}`, { cause });
  }
}
