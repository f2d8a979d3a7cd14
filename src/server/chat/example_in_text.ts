import type { Schema } from "./json_schema.ts";

/** Number of characters to read. */
const longestText = 32_000;

/** Most objects to look at, and most values in all of them, which bound the time. */
const mostObjects = 64;
const mostValues = 2000;

/** Deepest nesting of an example. */
const deepest = 16;

/** An example of an answer that was found in a text. */
export interface ExampleInText {
  /** The JSON schema that it stands for, in which nothing is required. */
  readonly schema: Schema;
  /** The text of the example itself. */
  readonly written: string;
}

/**
 * The examples of JSON objects in a text, in order: prompts show an object with the properties that they want, instead
 * of a schema. What stands for a value need not be JSON, as in `{"title": "...", "tags": [...]}`, and LangChain4j's
 * `{"caption": (type: string)}`.
 */
export function examplesInText(text: string): ExampleInText[] {
  const read = text.slice(0, longestText);
  const reader = new Reader(read);
  const found: ExampleInText[] = [];
  let at = read.indexOf("{");
  for (let left = mostObjects; at !== -1 && left > 0; left--) {
    const schema = reader.object(at);
    if (schema !== undefined) found.push({ schema, written: read.slice(at, reader.at) });
    at = read.indexOf("{", schema === undefined ? at + 1 : reader.at);
  }
  return found;
}

/** Reads one object, leniently. */
class Reader {
  /** Position after what was read. */
  at = 0;
  readonly #text: string;
  #left = mostValues;

  constructor(text: string) {
    this.#text = text;
  }

  /** The schema of the object that begins at a brace; `undefined` if it is not one. */
  object(start: number, depth = 0): Schema | undefined {
    this.at = start + 1;
    const properties: [string, Schema][] = [];
    for (;;) {
      this.#skip();
      if (this.#take("}")) break;
      // "..." says that more may follow.
      if (properties.length > 0 && this.#match(/(?:\.\.\.|…)[\s,]*(?=\})/y) !== undefined) continue;
      const key = this.#key();
      const value = key === undefined || --this.#left < 0 ? undefined : this.#value(depth + 1);
      if (key === undefined || value === undefined) return undefined;
      properties.push([key, value]);
      this.#skip();
      if (!this.#take(",") && !this.#take(";") && this.#text[this.at] !== "}") return undefined;
    }
    return properties.length === 0 ? undefined : { type: "object", properties: Object.fromEntries(properties) };
  }

  #key(): string | undefined {
    const quoted = this.#string();
    const key = quoted ?? this.#match(/[\p{L}_][\p{L}\p{N}_-]{0,99}/uy);
    this.#skip();
    return key !== undefined && this.#match(/\??:/y) !== undefined ? key : undefined;
  }

  #value(depth: number): Schema | undefined {
    this.#skip();
    if (depth > deepest) return undefined;
    const first = this.#text[this.at];
    if (first === "{") return this.object(this.at, depth);
    if (first === "[") return this.#list(depth);
    if (this.#string() !== undefined) {
      // A choice such as "dog" | "cat", or a remark behind the value.
      this.#match(/[^,;|}\]\n"']*(?:\|[^,;}\]\n]*)?/y);
      return { type: "string" };
    }
    // What describes a value ends where the next begins.
    const said = this.#match(/\((?:[^()]|\([^()]*\))*\)|<[^<>\n]{0,200}>|[^,;}[\]\n]{1,200}(?:\[\])?/y);
    if (said === undefined) return undefined;
    // LangChain4j writes a class into the description.
    const inside = said.startsWith("(") ? said.indexOf("{") : -1;
    const object = inside === -1 ? undefined : new Reader(said).object(inside, depth);
    const kind = described(said);
    return object === undefined ? kind : kind["type"] === "array" ? { type: "array", items: object } : object;
  }

  #list(depth: number): Schema | undefined {
    this.at++;
    let items: Schema | undefined;
    for (;;) {
      this.#skip();
      if (this.#take("]")) break;
      if (this.#match(/(?:\.\.\.|…)/y) === undefined) {
        const value = --this.#left < 0 ? undefined : this.#value(depth + 1);
        if (value === undefined) return undefined;
        items ??= value;
      }
      this.#skip();
      this.#take(",");
    }
    return { type: "array", ...(items !== undefined && { items }) };
  }

  /** A text in quotes, without its escapes being resolved. */
  #string(): string | undefined {
    const quote = this.#text[this.at];
    if (quote !== '"' && quote !== "'") return undefined;
    let end = this.at + 1;
    while (end < this.#text.length && this.#text[end] !== quote) end += this.#text[end] === "\\" ? 2 : 1;
    if (end >= this.#text.length) return undefined;
    const inside = this.#text.slice(this.at + 1, end);
    this.at = end + 1;
    return inside;
  }

  /** Skips spaces and comments. */
  #skip(): void {
    this.#match(/(?:\s+|\/\/[^\n]*|\/\*[^*]*\*\/)*/y);
  }

  #take(sign: string): boolean {
    if (this.#text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

/** The type that words such as `number`, `(type: array of string)` or `0.95` stand for; a text if they say nothing. */
function described(words: string): Schema {
  const said = words
    .replace(/^\(?(?:.*;)? ?type: |[()<>]/gs, "")
    .trim()
    .toLowerCase();
  if (/^(?:array|list|set)\b|\[\]$/.test(said)) return { type: "array" };
  if (/^(?:-?\d|number|int|float|double|decimal)/.test(said)) return { type: "number" };
  if (/^(?:true|false|bool)/.test(said)) return { type: "boolean" };
  return { type: said === "null" ? "null" : "string" };
}

/** Words behind which the names of keys stand. */
const starts =
  /\b(?:keys?|fields?|properties|property|attributes?|json(?: object)? (?:with|containing|of|that has))\b/gi;

/** Words that may stand between "keys" and their names. */
const between = /[\s:,&*•-]+|(?:and|named|called|are|is|exactly|the|following|two|three|these|both|or)\b/y;
const name = /(["'`])([\p{L}_][\p{L}\p{N}_-]{0,60})\1|[\p{L}_][\p{L}\p{N}_]{0,60}/uy;
const remark = /\s*\([^()\n]{0,200}\)/y;

/** Most names behind one "keys". */
const mostNames = 32;

/**
 * The names that a text gives to the keys of the JSON that it wants, as in `JSON with the keys "caption" and "tags"`.
 * Names without quotes count as long as `known` says so.
 */
export function keysInText(text: string, known: (name: string) => boolean): string[] {
  const read = text.slice(0, longestText);
  const found = new Set<string>();
  let words = mostObjects;
  for (const { index, 0: word } of read.matchAll(starts)) {
    if (--words < 0) break;
    let at = index + word.length;
    const take = (pattern: RegExp) => {
      pattern.lastIndex = at;
      const match = pattern.exec(read);
      if (match !== null) at += match[0].length;
      return match;
    };
    for (let left = mostNames; left > 0; left--) {
      while (take(between) !== null);
      const one = take(name);
      if (one === null || (one[2] === undefined && !known(one[0]))) break;
      found.add(one[2] ?? one[0]);
      take(remark);
    }
  }
  return [...found];
}
