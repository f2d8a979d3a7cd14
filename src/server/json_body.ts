import { Problem } from "./problem.ts";

/** Deepest nesting of arrays and objects. Programs send along the schemas of tools, which are deep. */
const deepest = 64;

const [quote, backslash] = [0x22, 0x5c] as const;
const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Parses a JSON body whose size is mostly in its strings, as with pictures.
 *
 * A body of the allowed size can contain millions of values or be nested millions deep. Parsing it and looking at the
 * result would block the only thread that answers requests for seconds. So it is scanned first, byte by byte: how deep
 * it is, and how much is outside of strings.
 *
 * @param mostOutside Most bytes outside of strings, without spaces: punctuation, numbers and words.
 * @throws {Problem} `body-invalid`
 */
export function parseJsonBody(body: Uint8Array, mostOutside: number): unknown {
  let depth = 0;
  let outside = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (isBlank(byte)) continue;
    if (++outside > mostOutside)
      throw new Problem(
        "body-invalid",
        "The JSON body contains too many values: send fewer, or send the pictures as a form.",
      );
    // "[" and "{", "]" and "}".
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    else if (byte === quote) i = endOfText(body, i);
    if (depth > deepest)
      throw new Problem(
        "body-invalid",
        `The JSON body is nested more than ${deepest} levels deep: send a flatter one.`,
      );
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new Problem("body-invalid", "The body is not valid JSON.", {}, { cause });
  }
}

/** Position of the quote that ends the string at `start`, or the body's end. */
function endOfText(body: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < body.length && body[i] !== quote) i += body[i] === backslash ? 2 : 1;
  return i;
}
