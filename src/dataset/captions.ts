import { EdgecapError } from "../errors.ts";
import { quoted } from "./text_lines.ts";

/** Longest accepted caption. */
const maximumCaptionWords = 1000;

/** Marks that tutorials put around captions. They would be learned as words. */
const marks = /^\s*(startseq|<start>|<s>|<sos>|<bos>|\[CLS\])(?:\s|$)/i;

/** Which layout a captions file has. */
export type CaptionsFormat = "kaggle" | "token" | "karpathy";

/** The content of a captions file. */
export interface Captions {
  readonly format: CaptionsFormat;
  /** For each image, by file name in the order of the file, its captions: at least one, each a single line. */
  readonly captions: ReadonlyMap<string, readonly string[]>;
  /** Rows that were left out because they hold no caption. */
  readonly dropped: number;
  /** For each split that the file names (`train`, `val`, `test`), its images; only Karpathy's files have splits. */
  readonly splits: ReadonlyMap<string, readonly string[]>;
}

/** Collects the rows of a captions file, and refuses invalid ones. */
export class CaptionsCollector {
  readonly #captions = new Map<string, string[]>();
  #dropped = 0;
  #taken = 0;

  /** Number of captions collected. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Adds one row.
   *
   * @param where Place of the row, for the beginning of an error message: `Line 3 of "captions.txt"`.
   * @throws {EdgecapError} `data-invalid` if the image name is not the name of a file in a folder, or the caption is
   *   too long, a list, or between the marks of a prepared data set.
   */
  add(image: string, caption: string, where: string): void {
    if (image === "") {
      throw new EdgecapError("data-invalid", `${where} has no image name before ${quoted(caption)}. Name the image.`);
    }
    if (/[\0\n\r\\]|^\/|^[a-z]:|(?:^|\/)\.\.(?:\/|$)/i.test(image)) {
      const message = `${where} names the image ${quoted(image)}, which is not a file in the images folder. Correct the name.`;
      throw new EdgecapError("data-invalid", message);
    }
    if (/^\[\s*(["']).*\1\s*\]$/s.test(caption.trim())) {
      const message = `${where} has a list instead of a caption: ${quoted(caption)}. Give each caption a row of its own.`;
      throw new EdgecapError("data-invalid", message);
    }
    const mark = marks.exec(caption)?.[1];
    if (mark !== undefined) {
      const message = `${where} has a caption with the mark ${quoted(mark)} at its beginning: ${quoted(caption)}. Remove such marks: training adds its own.`;
      throw new EdgecapError("data-invalid", message);
    }
    const words = caption.split(/\s+/).filter((word) => word !== "");
    if (words.length > maximumCaptionWords) {
      const message = `${where} has a caption of ${words.length} words; the limit is ${maximumCaptionWords}. Shorten or remove it.`;
      throw new EdgecapError("data-invalid", message);
    }
    if (words.length === 0) {
      this.#dropped++;
      return;
    }
    this.#taken++;
    const captions = this.#captions.get(image);
    if (captions === undefined) this.#captions.set(image, [words.join(" ")]);
    else captions.push(words.join(" "));
  }

  /**
   * The result so far.
   *
   * @throws {EdgecapError} `data-invalid` if no row held a caption.
   */
  finish(format: CaptionsFormat, file: string, splits: Captions["splits"] = new Map()): Captions {
    if (this.#captions.size === 0) {
      const message = `"${file}" contains no captions (${this.#dropped} rows without one). Give a file with captions.`;
      throw new EdgecapError("data-invalid", message);
    }
    return { format, captions: this.#captions, dropped: this.#dropped, splits };
  }
}
