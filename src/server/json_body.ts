import { Problem } from "./problem.ts";

/** Deepest nesting of arrays and objects. */
const deepest = 16;

const [quote, backslash] = [0x22, 0x5c] as const;
const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Parses a JSON body whose weight lies in its texts, as that of photos does.
 *
 * A body of the allowed size can hold millions of values, or be nested millions deep, which takes a parser and whatever
 * looks at the result seconds of the one thread that answers everybody. So its outside is measured first, byte by byte:
 * how deep it is, and how much stands outside of texts.
 *
 * @param mostOutside Most bytes outside of texts, blanks left out: punctuation, numbers and words.
 * @throws {Problem} `body-invalid`
 */
export function parseJsonBody(body: Uint8Array, mostOutside: number): unknown {
  let depth = 0;
  let outside = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (isBlank(byte)) continue;
    if (++outside > mostOutside)
      throw new Problem("body-invalid", "The JSON body holds too many values: send fewer, or the photos as a form.");
    // "[" and "{", "]" and "}".
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    else if (byte === quote) i = endOfText(body, i);
    if (depth > deepest) throw new Problem("body-invalid", `The JSON body is nested more than ${deepest} deep.`);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new Problem("body-invalid", "The body is no JSON.", {}, { cause });
  }
}

/** Place of the quote that ends the text which begins at `start`, or the body's end. */
function endOfText(body: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < body.length && body[i] !== quote) i += body[i] === backslash ? 2 : 1;
  return i;
}
