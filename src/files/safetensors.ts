import type { EdgecapError } from "../errors.ts";

/** The supported number types, by their names in the format. */
const kinds = { F32: Float32Array, I8: Int8Array, U8: Uint8Array, U16: Uint16Array, U32: Uint32Array } as const;

interface Numbers {
  readonly F32: Float32Array;
  readonly I8: Int8Array;
  readonly U8: Uint8Array;
  readonly U16: Uint16Array;
  readonly U32: Uint32Array;
}

/** Name of a number type. */
export type TensorKind = keyof Numbers;

/** A tensor of a file. */
export interface Tensor<Kind extends TensorKind = TensorKind> {
  readonly kind: Kind;
  readonly shape: readonly number[];
  readonly data: Numbers[Kind];
}

interface Entry {
  readonly dtype: TensorKind;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Longest header, in bytes, as in the format's own reader. */
const longestHead = 100_000_000;

/**
 * Writes tensors as a safetensors file: the length of the head, the head in JSON, the numbers, little-endian.
 *
 * @param metadata Texts by name that go into the head.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const head: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  // Larger number types first, so that each tensor is aligned.
  const ordered = Object.entries(tensors).sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  for (const [name, { kind, shape, data }] of ordered) {
    head[name] = { dtype: kind, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(head));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let offset = start;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file.
 *
 * @param invalid Makes the error for bytes that are not such a file, or hold other kinds of numbers than these, from
 *   what is wrong, the rest of a sentence.
 * @throws What `invalid` makes.
 */
export function readSafetensors(
  bytes: Uint8Array,
  invalid: (why: string, cause?: unknown) => EdgecapError,
): { readonly tensors: ReadonlyMap<string, Tensor>; readonly metadata: Readonly<Record<string, string>> } {
  if (bytes.length < 8) throw invalid(`it has ${bytes.length} bytes`);
  const headLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const start = 8 + headLength;
  if (headLength > longestHead || start > bytes.length) throw invalid(`its head would be ${headLength} bytes long`);
  let head: Record<string, unknown>;
  try {
    head = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw invalid(`its head is not JSON (${(cause as Error).message})`, cause);
  }
  if (typeof head !== "object" || head === null) throw invalid("its head is not an object");
  const { __metadata__: metadata = {}, ...entries } = head;
  if (!isTexts(metadata)) throw invalid("its metadata is not an object of texts");
  let rest = bytes.length - start;
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(entries)) {
    if (!isEntry(entry)) throw invalid(`its head describes "${name}" as ${JSON.stringify(entry)?.slice(0, 80)}`);
    const [from, to] = entry.data_offsets;
    const numbers = kinds[entry.dtype];
    const length = entry.shape.reduce((product, side) => product * side, 1);
    if (to - from !== length * numbers.BYTES_PER_ELEMENT || start + to > bytes.length) {
      throw invalid(`"${name}" of the shape [${entry.shape.join(", ")}] does not fit in the bytes ${from} to ${to}`);
    }
    // If tensors could share bytes, a small file could take a thousand times its size in memory.
    rest -= to - from;
    if (rest < 0) throw invalid(`"${name}" shares bytes with other tensors`);
    // A copy, because 32-bit numbers must be aligned in memory; slice() of a Buffer would not copy.
    const data = new numbers(new Uint8Array(bytes.subarray(start + from, start + to)).buffer);
    tensors.set(name, { kind: entry.dtype, shape: entry.shape, data });
  }
  return { tensors, metadata };
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Partial<Entry> | null;
  const whole = (list: unknown): boolean =>
    Array.isArray(list) && list.every((number) => Number.isSafeInteger(number) && number >= 0);
  return (
    typeof entry?.dtype === "string" &&
    Object.hasOwn(kinds, entry.dtype) &&
    whole(entry.shape) &&
    whole(entry.data_offsets) &&
    entry.data_offsets?.length === 2
  );
}
