import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { OneAtATime } from "../async/one_at_a_time.ts";
import type { Caption } from "../caption/caption.ts";
import { captionJson } from "../caption/json.ts";
import { EdgecapError, unwritable } from "../errors.ts";
import { makeFolder } from "../files/make_folder.ts";
import { withoutNuls } from "../files/without_nuls.ts";
import { writeAll } from "../files/write_all.ts";
import { DoneImages } from "./done_images.ts";
import { type FileLock, type LockTimes, lockFile } from "./file_lock.ts";

/** Why a picture has no caption. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * The file of results: one line of JSON per picture, as `edgecap caption --json` prints it, in the order in which they
 * were finished. An unfinished line of a killed process is removed, so that its picture is captioned again. Changes by
 * editors do no harm: a byte order mark, blank lines, or a missing line break at the end.
 */
export class ResultsFile implements AsyncDisposable {
  /** Pictures that have a line already. */
  readonly done: DoneImages;
  /**
   * Number of lines that the file had before, and how many of them report a failure and how many a sentence left out.
   */
  readonly before: { readonly lines: number; readonly failed: number; readonly leftOut: number };
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #lock: FileLock;
  readonly #turns = new OneAtATime();
  #broken: EdgecapError | undefined;

  private constructor(path: string, file: FileHandle, lock: FileLock, done: DoneImages, before: ResultsFile["before"]) {
    this.#path = path;
    this.#file = file;
    this.#lock = lock;
    this.done = done;
    this.before = before;
  }

  /**
   * Opens the file to append to it, creates it if it is missing, and locks it until it is disposed of.
   *
   * @param times How often its lock is renewed. Default: every two seconds.
   * @throws {EdgecapError} `file-unwritable`, also if another process writes it, or it is not a regular file;
   *   `data-invalid` naming the line that is not a result; the file is then left unchanged.
   */
  static async open(path: string, times?: LockTimes): Promise<ResultsFile> {
    let lock: FileLock;
    try {
      await makeFolder(dirname(path));
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && !found.isFile()) {
        const why = `Cannot write "${path}": it is not a regular file. Give --out another file, or print the results with edgecap caption --json.`;
        throw new EdgecapError("file-unwritable", why);
      }
      lock = await lockFile(path, times);
    } catch (cause) {
      throw unwritable(path, cause);
    }
    let file: FileHandle;
    try {
      file = await open(path, "a+");
    } catch (cause) {
      await lock[Symbol.asyncDispose]();
      throw unwritable(path, cause);
    }
    try {
      const done = new DoneImages();
      const before = { lines: 0, failed: 0, leftOut: 0 };
      const note = ({ image, error, reason }: Result) => {
        before.lines++;
        done.add(image);
        if (error !== undefined) before.failed++;
        if (reason !== undefined) before.leftOut++;
      };
      let number = 0;
      const whole = await lengthOfLines(file);
      if (whole > 0) {
        const input = createReadStream(path, { end: whole - 1 });
        for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
          number++;
          if (line.trim() === "") continue;
          const result = parsed(withoutMark(line, number === 1));
          if (result === undefined) throw notResult(number, path, line);
          note(result);
        }
      }
      const rest = withoutMark(await lastLine(file, whole), number === 0);
      const last = parsed(rest);
      if (last !== undefined) {
        note(last);
        await append(file, "\n");
      } else {
        // Anything else means that the file is not edgecap's, and was given as --out by mistake.
        if (!isUnfinished(rest)) throw notResult(number + 1, path, rest);
        await file.truncate(whole);
      }
      return new ResultsFile(path, file, lock, done, before);
    } catch (error) {
      await file.close();
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Writes a picture's line.
   *
   * @throws {EdgecapError} `file-unwritable`
   */
  write(image: string, result: Caption | Failure): Promise<void> {
    const line = "caption" in result ? captionJson(image, result) : { image, error: result };
    // One after another, because two lines written at once could mix.
    return this.#turns.run(async () => {
      try {
        // A line that is appended to an incomplete one would be unreadable too.
        if (this.#broken !== undefined) throw this.#broken;
        this.#lock.assertHeld();
        await append(this.#file, `${JSON.stringify(line)}\n`);
      } catch (cause) {
        this.#broken = unwritable(this.#path, cause);
        throw this.#broken;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.idle();
    await this.#file.close();
    await this.#lock[Symbol.asyncDispose]();
  }
}

/** Appends text to a file that is open for that; Deno 2.5 has no `appendFile`. */
async function append(file: FileHandle, text: string): Promise<void> {
  await writeAll(file, new TextEncoder().encode(text));
}

/** The part of a result that matters when the file is opened again. */
interface Result {
  readonly image: string;
  readonly error?: unknown;
  readonly reason?: unknown;
}

function notResult(line: number, path: string, text: string): EdgecapError {
  return new EdgecapError(
    "data-invalid",
    `Line ${line} of "${path}" is not a result of edgecap: "${text.slice(0, 60)}". Give --out another file, or correct this one.`,
  );
}

/** A line without the byte order mark with which some editors begin a file. */
function withoutMark(line: string, isFirst: boolean): string {
  return isFirst && line.startsWith("\ufeff") ? line.slice(1) : line;
}

/** Longest possible result, in bytes; a longer line without a line break is dropped. */
const longestResult = 2 ** 24;

/** Beginning of every line that this module writes. */
const beginning = '{"image":"';

/** Whether a killed process, or a power cut, can have left this after the last line break. */
function isUnfinished(rest: string): boolean {
  // Some file systems fill what was not written before a power cut with zeros.
  const written = withoutNuls(rest).trim();
  return written.startsWith(beginning) || beginning.startsWith(written);
}

function parsed(line: string): Result | undefined {
  try {
    const result = JSON.parse(line) as { image?: unknown; error?: unknown; reason?: unknown } | null;
    if (typeof result?.image !== "string") return undefined;
    return { image: result.image, error: result.error, reason: result.reason };
  } catch {
    return undefined;
  }
}

/** Bytes up to the end of the last complete line. */
async function lengthOfLines(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const chunk = Buffer.alloc(65_536);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, end - start, start);
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline !== -1) return start + newline + 1;
    end = start;
  }
  return 0;
}

/**
 * The bytes after the last line break: all of them if they may be a result, otherwise enough to tell that they are not.
 */
async function lastLine(file: FileHandle, start: number): Promise<string> {
  const { size } = await file.stat();
  const head = Buffer.alloc(Math.min(size - start, longestResult));
  const { bytesRead } = await file.read(head, 0, head.length, start);
  return head.subarray(0, bytesRead).toString("utf8");
}
