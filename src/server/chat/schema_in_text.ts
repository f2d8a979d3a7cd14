/** Number of characters to read: a schema made from a class has some hundreds. */
export const longestText = 32_000;

/** Most objects to look at, which bounds the time. */
const mostObjects = 64;

/** A JSON schema that was found in a text. */
export interface SchemaInText {
  readonly schema: Readonly<Record<string, unknown>>;
  /** The text of the schema itself. */
  readonly written: string;
}

/**
 * The last JSON schema of an object in a text. Libraries write it there, after an example, if their users do not choose
 * native support for schemas.
 *
 * @returns `undefined` if there is none.
 */
export function schemaInText(text: string): SchemaInText | undefined {
  const read = text.slice(0, longestText);
  const begin = /\{\s*"/g;
  let found: SchemaInText | undefined;
  for (let left = mostObjects; left > 0; left--) {
    const start = begin.exec(read)?.index;
    if (start === undefined) break;
    const written = objectAt(read, start);
    const value = written === undefined ? undefined : parsed(written);
    if (written === undefined || value === undefined) continue;
    begin.lastIndex = start + written.length;
    if (isSchema(value)) found = { schema: { type: "object", ...value }, written };
  }
  return found;
}

/** The text from a brace to the one that closes it. */
function objectAt(text: string, start: number): string | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const one = text[at];
    // Character by character: a pattern for strings would look for the end of one that has none from each quote.
    if (one === '"') at = endOfString(text, at);
    else if (one === "{") depth++;
    else if (one === "}" && --depth === 0) return text.slice(start, at + 1);
  }
  return undefined;
}

/** Position of the quote that ends the string at `start`, or the text's end. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Whether an object has properties, each with a schema. */
function isSchema({ type = "object", properties }: Readonly<Record<string, unknown>>): boolean {
  return type === "object" && isObject(properties) && Object.values(properties).every(isObject);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
