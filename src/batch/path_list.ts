import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { EdgecapError } from "../errors.ts";
import { localPath } from "../files/local_path.ts";
import { tableLine } from "./table_line.ts";

/** How messages name a list, and what happens to its damaged lines. */
export interface ListOptions {
  /** Such as `"photos.txt"` or `standard input`. */
  readonly name: string;
  /** Called for each line that does not name a file; the line is skipped. */
  readonly onProblem: (error: EdgecapError) => void;
}

/** No path is this long; a longer line is not a path. */
const longestPath = 65_536;

/**
 * The paths of a list, as it arrives: one path per line, or each ended by a NUL as `find -print0` writes them. UTF-8 or
 * UTF-16, with or without a byte order mark; lines end in LF or CRLF; spaces around a path and blank lines are ignored.
 * A `file:` address gives its path.
 *
 * A line that is not UTF-8 is reported and skipped, since other lines may be right.
 *
 * @throws {EdgecapError} `data-invalid` if it is not a list: in UTF-32, CSV or JSON, with a NUL inside a line, with
 *   control characters or a line above 64 KiB, as in a picture or an archive.
 */
export async function* readPathList(stream: Readable, { name, onProblem }: ListOptions): AsyncGenerator<string> {
  let ending: "line" | "nul" | undefined;
  let line = 0;
  let isFirst = true;
  for await (const piece of pieces(utf8(stream, name), (bytes) => {
    // The first separator decides: a path that ends in a NUL may contain anything else, and one that ends in a line
    // break contains no NUL.
    ending ??= bytes === 0 ? "nul" : "line";
    return ending === "nul" ? bytes === 0 : bytes === 0x0a;
  })) {
    line++;
    const where = `${ending === "nul" ? "Path" : "Line"} ${line} of ${name}`;
    if (piece.length > longestPath) throw noList(`${where} is longer than any path can be`, name);
    const path = decode(piece);
    if (path === undefined) {
      if (hasControls(piece)) throw noList(`${where} contains control characters`, name);
      onProblem(new EdgecapError("data-invalid", `${where} is not UTF-8: rename the file "${lossy(piece)}".`));
      continue;
    }
    if (ending === "nul") {
      // A name may contain line breaks.
      if (hasControls(piece.filter((byte) => byte !== 0x0a && byte !== 0x0d))) {
        throw noList(`${where} contains control characters`, name);
      }
      if (path !== "") yield path;
      continue;
    }
    if (path.includes("\0")) {
      throw new EdgecapError(
        "data-invalid",
        `${where} contains a NUL after a line break: end every path in the same way, with a line break or with a NUL.`,
      );
    }
    if (hasControls(piece)) throw noList(`${where} contains control characters`, name);
    const wanted = await withoutBlanks(path.endsWith("\r") ? path.slice(0, -1) : path);
    if (wanted === "") continue;
    if (isFirst) await refuseTable(wanted, where);
    isFirst = false;
    try {
      yield localPath(wanted);
    } catch (error) {
      if (!(error instanceof EdgecapError)) throw error;
      onProblem(new EdgecapError("data-invalid", `${where}: ${error.message}`, { cause: error }));
    }
  }
}

/** Refuses a table or JSON by its first line, unless a file has that name. */
async function refuseTable(line: string, where: string): Promise<void> {
  const wrong = tableLine(line);
  if (wrong === undefined || (await stat(line).catch(() => undefined)) !== undefined) return;
  const shown = line.length > 100 ? `${line.slice(0, 100)}...` : line;
  throw new EdgecapError("data-invalid", `${where}, ${JSON.stringify(shown)}, ${wrong}`);
}

/** A path without the spaces around it, unless a file has them in its name. */
async function withoutBlanks(path: string): Promise<string> {
  const trimmed = path.trim();
  if (trimmed === path || trimmed === "") return trimmed;
  return (await stat(path).catch(() => undefined)) === undefined ? trimmed : path;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function lossy(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).slice(0, 200);
}

/** Whether there are characters that a list never contains; a tab may be part of a name. */
function hasControls(bytes: Uint8Array): boolean {
  const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
  for (let i = 0; i < end; i++) if (bytes[i]! < 0x20 && bytes[i] !== 0x09) return true;
  return false;
}

function noList(why: string, name: string): EdgecapError {
  return new EdgecapError(
    "data-invalid",
    `${why}: ${name} is neither a picture nor a list of paths. Give a text file with one path per line.`,
  );
}

/** The pieces between separators; `isEnd` is only called for NUL and LF. */
async function* pieces(
  chunks: AsyncIterable<Uint8Array>,
  isEnd: (byte: number) => boolean,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if ((byte !== 0 && byte !== 0x0a) || !isEnd(byte)) continue;
      yield joined(rest, chunk.subarray(start, i));
      [rest, length, start] = [[], 0, i + 1];
    }
    rest.push(chunk.subarray(start));
    length += chunk.length - start;
    // Passed on unchanged: the reader refuses a piece of this length.
    if (length > longestPath) yield joined(rest, new Uint8Array());
  }
  if (length > 0) yield joined(rest, new Uint8Array());
}

function joined(parts: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  if (parts.length === 0) return last;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, last.length));
  let offset = 0;
  for (const part of [...parts, last]) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The list in UTF-8, without a byte order mark. */
async function* utf8(stream: Readable, name: string): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  let decoder: TextDecoder | undefined;
  const encoder = new TextEncoder();
  const converted = (bytes: Uint8Array, more: boolean): Uint8Array => {
    if (decoder === undefined) return bytes;
    try {
      return encoder.encode(decoder.decode(bytes, { stream: more }));
    } catch {
      throw noList(`${name} begins like UTF-16 but is not`, name);
    }
  };
  for await (const chunk of stream) {
    let bytes = typeof chunk === "string" ? encoder.encode(chunk) : (chunk as Uint8Array);
    if (head !== undefined) {
      bytes = joined([head], bytes);
      // Four bytes are enough to detect the encoding.
      if (bytes.length < 4) {
        head = bytes;
        continue;
      }
      head = undefined;
      const { encoding, mark } = encodingOf(bytes);
      if (encoding === "utf-32") {
        throw new EdgecapError("data-invalid", `${name} is in UTF-32: convert it with iconv -f UTF-32 -t UTF-8.`);
      }
      if (encoding !== "utf-8") decoder = new TextDecoder(encoding, { fatal: true });
      bytes = bytes.subarray(mark);
    }
    yield converted(bytes, true);
  }
  if (head !== undefined) yield head.subarray(encodingOf(head).mark);
  else yield converted(new Uint8Array(), false);
}

/** The encoding of a list, from its first bytes, and the length of its byte order mark. */
function encodingOf(bytes: Uint8Array): { encoding: "utf-8" | "utf-16le" | "utf-16be" | "utf-32"; mark: number } {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: "utf-8", mark: 3 };
  if (a === 0xff && b === 0xfe)
    return c === 0 && d === 0 ? { encoding: "utf-32", mark: 4 } : { encoding: "utf-16le", mark: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: "utf-16be", mark: 2 };
  if (a === 0 && b === 0) return { encoding: "utf-32", mark: 4 };
  // Without a byte order mark: in UTF-16, every other byte of a path's first characters is zero. No path has only one
  // character.
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return { encoding: "utf-16le", mark: 0 };
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return { encoding: "utf-16be", mark: 0 };
  if (a !== 0 && b === 0 && c === 0 && d === 0) return { encoding: "utf-32", mark: 0 };
  return { encoding: "utf-8", mark: 0 };
}
