import { EdgecapError } from "../errors.ts";
import { type CaptionColumns, readHeader } from "./caption_columns.ts";
import { type Captions, CaptionsCollector } from "./captions.ts";
import { ExtraColumn } from "./extra_column.ts";
import { looksLikeImage } from "./image_name.ts";
import { type Line, lineError, quoted } from "./text_lines.ts";

/** A quoted field longer than this was never closed, in characters. */
const maximumFieldLength = 2 ** 20;

const form = '"image,caption"';

/**
 * Reads the rows of a captions.txt as Kaggle publishes Flickr8k: a header, then an image and a caption per row, each of
 * which may be quoted as in RFC 4180. Everything after the first comma of a row is the caption, including further
 * commas.
 *
 * A header with further columns, or in another order, is followed; captions with commas must then be quoted. Without a
 * header, rows that seem to have a third column are refused.
 *
 * @param lines Lines of the file.
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid`; see parseCaptions.
 */
export function parseKaggleCaptions(lines: Iterator<Line, unknown>, file: string): Captions {
  const collector = new CaptionsCollector();
  const extra = new ExtraColumn();
  let columns: CaptionColumns | undefined;
  let first = true;
  for (let next = lines.next(); !next.done; next = lines.next()) {
    const { number, text } = next.value;
    if (text.trim() === "") continue;
    const where = `Line ${number} of "${file}"`;
    const row = new RowReader(next.value, lines, file);
    if (first) {
      first = false;
      columns = readHeader(text, file, number);
      if (columns !== undefined) continue;
      if (!isImageOrNumber(row.peek())) throw headless(file, number, text);
    }
    if (columns !== undefined && columns.count > 2) {
      const fields = row.all();
      if (fields.length !== columns.count) {
        const what = `has ${fields.length} fields, but the header names ${columns.count} columns: ${quoted(text)}. Quote captions that contain commas.`;
        throw lineError(file, number, what);
      }
      collector.add(fields[columns.image]!.trim(), fields[columns.caption]!.trim(), where);
      continue;
    }
    const image = row.field().trim();
    const caption = row.rest().trim();
    if (!looksLikeImage(image)) {
      if (looksLikeImage(caption)) {
        throw lineError(file, number, `has its columns swapped: ${quoted(text)}. Each row has to be ${form}.`);
      }
      if (!row.hadComma) throw lineError(file, number, `is ${quoted(text)}, not ${form}. Correct or remove it.`);
    }
    if (caption.includes("\t")) {
      throw lineError(file, number, `has a tab in its caption: ${quoted(text)}. Each row has to be ${form}.`);
    }
    if (!row.restWasQuoted) extra.look(caption);
    else extra.seen = true;
    collector.add(image, caption, where);
  }
  const found = extra.found();
  if (found !== undefined) throw thirdColumn(file, found);
  return collector.finish("kaggle", file);
}

function isImageOrNumber(image: string): boolean {
  return image === "" || looksLikeImage(image) || /^\d+$/.test(image);
}

function headless(file: string, line: number, text: string): EdgecapError {
  // The caption comes first: the second field names the picture.
  if (looksLikeImage(text.slice(text.lastIndexOf(",") + 1))) {
    return lineError(file, line, `has its columns swapped: ${quoted(text)}. Each row has to be ${form}.`);
  }
  const what = `is ${quoted(text)}, which names neither columns nor a picture. Begin the file with the line image,caption.`;
  return lineError(file, line, what);
}

function thirdColumn(file: string, example: string): EdgecapError {
  const what = `has a further column in every row, such as ${quoted(example)}. Name the columns in the first line, as in image,caption,id, and quote captions that contain commas.`;
  return new EdgecapError("data-invalid", `"${file}" ${what}`);
}

/** Splits one row; a quoted field may span several lines. */
class RowReader {
  readonly #line: number;
  readonly #lines: Iterator<Line, unknown>;
  readonly #file: string;
  #text: string;
  #place = 0;
  /** Whether the last field that was read ended at a comma. */
  hadComma = false;
  /** Whether the rest of the row was quoted. */
  restWasQuoted = false;

  constructor(line: Line, lines: Iterator<Line, unknown>, file: string) {
    this.#line = line.number;
    this.#text = line.text;
    this.#lines = lines;
    this.#file = file;
  }

  /** The text up to the first comma outside quotes. */
  field(): string {
    if (this.#text[this.#place] === '"') {
      const value = this.#quotedField();
      this.hadComma = this.#text[this.#place] === ",";
      if (!this.hadComma && this.#text.slice(this.#place).trim() !== "") throw this.#strayText();
      this.#place++;
      return value;
    }
    const comma = this.#text.indexOf(",", this.#place);
    this.hadComma = comma !== -1;
    const end = this.hadComma ? comma : this.#text.length;
    const value = this.#text.slice(this.#place, end);
    this.#place = end + 1;
    return value;
  }

  /** The text up to the first comma, ignoring quotes; the comma is not consumed. */
  peek(): string {
    return this.#text.split(",", 1)[0]!.replaceAll('"', "").trim();
  }

  /** All fields. */
  all(): string[] {
    const fields: string[] = [];
    do fields.push(this.field());
    while (this.hadComma);
    return fields;
  }

  /** The text up to the end of the row. */
  rest(): string {
    this.restWasQuoted = this.#text[this.#place] === '"';
    if (!this.restWasQuoted) return this.#text.slice(this.#place);
    const value = this.#quotedField();
    if (this.#text.slice(this.#place).trim() !== "") throw this.#strayText();
    return value;
  }

  #quotedField(): string {
    let value = "";
    let start = this.#place + 1;
    for (;;) {
      const quote = this.#text.indexOf('"', start);
      if (quote === -1) {
        value += `${this.#text.slice(start)}\n`;
        const next = this.#lines.next();
        if (next.done || value.length > maximumFieldLength) {
          const what = "opens a quote that is never closed. Close it, or double it if it belongs to the caption.";
          throw lineError(this.#file, this.#line, what);
        }
        this.#text = next.value.text;
        start = 0;
      } else if (this.#text[quote + 1] === '"') {
        value += this.#text.slice(start, quote + 1);
        start = quote + 2;
      } else {
        this.#place = quote + 1;
        return value + this.#text.slice(start, quote);
      }
    }
  }

  #strayText(): EdgecapError {
    const stray = quoted(this.#text.slice(this.#place));
    const what = `has ${stray} after a closing quote. Double the quotes that belong to the caption.`;
    return lineError(this.#file, this.#line, what);
  }
}
