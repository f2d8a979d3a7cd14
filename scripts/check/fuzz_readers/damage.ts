/** Input that is nearly right: valid input with some of it changed. */
import fc from "fast-check";

/** Numbers at the limits of types. */
const edges = [-1, 0, 1, 0.5, 127, 128, 255, 256, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e308];

/** A value that replaces another. */
const otherValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(null, true, "", [], {}, "__proto__", "../x", "\ud800", "a\0b") },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...edges, -2147483648) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.nat(300).map((depth) => nested(depth)) },
  { weight: 1, arbitrary: fc.nat(5000).map((length) => "x".repeat(length)) },
);

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

interface Change {
  /** Which child to descend to, again and again; taken modulo the number of children. */
  readonly path: readonly number[];
  readonly what: "replace" | "remove" | "double" | "rename";
  readonly value: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  path: fc.array(fc.nat(1000), { maxLength: 7 }),
  what: fc.constantFrom("replace", "replace", "replace", "remove", "double", "rename"),
  value: otherValue,
});

function changed(value: unknown, { path, what, value: other }: Change, depth = 0): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return other;
  const entries = Object.entries(value);
  if (depth >= path.length || entries.length === 0) return other;
  const place = path[depth]! % entries.length;
  const [name, child] = entries[place]!;
  if (depth === path.length - 1 && what !== "replace") {
    if (what === "remove") entries.splice(place, 1);
    else if (what === "double") entries.push([`${name}2`, child]);
    else entries[place] = [String(other), child];
  } else entries[place] = [name, changed(child, { path, what, value: other }, depth + 1)];
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

/** One of some JSON values, with up to five changes. */
export function damagedValue(...values: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...values), fc.array(change, { maxLength: 5 }))
    .map(([value, changes]) => changes.reduce(changed, value));
}

/** The text of {@linkcode damagedValue} or of any JSON value, or a damaged text. */
export function damagedJson(...values: readonly unknown[]): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const texts = values.map((value) => JSON.stringify(value));
  return fc.oneof(
    { weight: 8, arbitrary: damagedValue(...values).map((value) => bytesOf(JSON.stringify(value) ?? "")) },
    { weight: 3, arbitrary: damagedText(texts, ["{", "}", "[", "]", ",", ":", '"', "\\u0000", "\\ud800", "1e999"]) },
    { weight: 1, arbitrary: fc.json().map(bytesOf) },
  );
}

interface Edit {
  /** The place, as a share of the length. */
  readonly at: number;
  readonly length: number;
  readonly what: "set" | "insert" | "remove" | "repeat" | "cut" | "swap";
  readonly bytes: Uint8Array;
}

function edited(bytes: Uint8Array, { at, length, what, bytes: other }: Edit): Uint8Array {
  const start = Math.floor((at / 65_536) * (bytes.length + 1));
  const end = Math.min(start + length, bytes.length);
  const [before, inside, after] = [bytes.subarray(0, start), bytes.subarray(start, end), bytes.subarray(end)];
  switch (what) {
    case "set":
      return joined(before, other, bytes.subarray(start + other.length));
    case "insert":
      return joined(before, other, bytes.subarray(start));
    case "remove":
      return joined(before, after);
    case "repeat":
      return joined(before, inside, inside, inside, after);
    case "swap":
      return joined(after, before, inside);
    case "cut":
      return before;
  }
}

/** Valid bytes with up to six edits, or sometimes any bytes. */
export function damagedBytes(
  seeds: readonly Uint8Array[],
  pieces: readonly (string | Uint8Array)[] = [],
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const numbers = [0, 1, 0x7f, 0x80, 0xff].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array(4).fill(byte)]);
  const known = [...numbers, ...pieces.map((piece) => (typeof piece === "string" ? bytesOf(piece) : piece))];
  const edit: fc.Arbitrary<Edit> = fc.record({
    at: fc.nat(65_535),
    length: fc.nat(64),
    what: fc.constantFrom("set", "set", "insert", "insert", "remove", "repeat", "cut", "swap"),
    bytes: fc.oneof(fc.constantFrom(...known), fc.uint8Array({ minLength: 1, maxLength: 4 })),
  });
  const near = fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 6 }))
    .map(([seed, edits]) => new Uint8Array(edits.reduce(edited, seed)));
  const far = fc.uint8Array({ maxLength: 64 }).map((bytes) => new Uint8Array(bytes));
  return fc.oneof({ weight: 12, arbitrary: near }, { weight: 1, arbitrary: far });
}

/** The same for texts. */
export function damagedText(
  seeds: readonly string[],
  pieces: readonly string[] = [],
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const odd = ["\ufeff", "\r\n", "\n", "\0", "\t", " ", '"', "\u2028", "é", "犬", "😀"];
  return damagedBytes(seeds.map(bytesOf), [...pieces, ...odd]);
}

/** UTF-8 of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** Some bytes, one after another. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
