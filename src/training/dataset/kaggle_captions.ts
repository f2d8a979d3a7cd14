import type { EdgecapError } from "../../errors.ts";
import { type Captions, CaptionsCollector } from "./captions.ts";
import { looksLikeImage } from "./image_name.ts";
import { type Line, lineError, quoted } from "./text_lines.ts";

/** A quoted field that grows past this many characters was never closed. */
const maximumFieldLength = 2 ** 20;

const form = '"image,caption"';

/**
 * Reads the rows of a captions.txt as Kaggle publishes Flickr8k: a header, then an image and a caption, of which either may be quoted
 * as RFC 4180 says. What follows the first comma of a row is the caption, with all its commas.
 *
 * @param lines Lines of the file.
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid`; see parseCaptions.
 */
export function parseKaggleCaptions(lines: Iterator<Line, unknown>, file: string): Captions {
  const collector = new CaptionsCollector();
  let first = true;
  for (let next = lines.next(); !next.done; next = lines.next()) {
    const { number, text } = next.value;
    if (text.trim() === "") continue;
    const row = new RowReader(next.value, lines, file);
    const image = row.field().trim();
    const caption = row.rest().trim();
    const header = first && !looksLikeImage(image) && isHeader(image, caption, file, number);
    first = false;
    if (header) continue;
    if (!looksLikeImage(image)) {
      if (looksLikeImage(caption)) {
        throw lineError(file, number, `has its columns swapped: ${quoted(text)}. Each row has to be ${form}.`);
      }
      if (!row.hadComma) throw lineError(file, number, `is ${quoted(text)}, not ${form}. Mend or remove it.`);
    }
    collector.add(image, caption, `Line ${number} of "${file}"`);
  }
  return collector.finish("kaggle", file);
}

function isHeader(image: string, caption: string, file: string, line: number): boolean {
  const names = [image.toLowerCase(), caption.toLowerCase()];
  if (names[0] === "caption" && names[1] === "image") {
    throw lineError(
      file,
      line,
      `has its columns swapped: "${image},${caption}". The header has to be "image,caption".`,
    );
  }
  return names[0] === "image" && names[1] === "caption";
}

/** Takes one row apart; a quoted field may go on over several lines. */
class RowReader {
  readonly #line: number;
  readonly #lines: Iterator<Line, unknown>;
  readonly #file: string;
  #text: string;
  #place = 0;
  /** Whether the first field ended at a comma. */
  hadComma = false;

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

  /** The text up to the end of the row. */
  rest(): string {
    if (this.#text[this.#place] !== '"') return this.#text.slice(this.#place);
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
          const what = "opens a quote that is never closed. Close it, or double a quote that belongs to the caption.";
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
