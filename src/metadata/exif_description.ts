import { concat } from "../files/concat.ts";
import { copyOf, decodeAny, latin1, utf8, viewOf } from "./bytes.ts";
import { unchangeable } from "./container.ts";

const tag = 0x010e;
const ascii = 2;

/** The first directory of EXIF. */
interface Directory {
  readonly little: boolean;
  /** Where it begins: the count of its entries. */
  readonly start: number;
  readonly count: number;
  /** Where the entry of the description stands; where it would stand if it is missing. */
  readonly place: number;
  /** The description's bytes and their position; `undefined` if there is no description. */
  readonly value: { readonly start: number; readonly length: number } | undefined;
}

/**
 * The description of a picture in EXIF (`ImageDescription`); `undefined` if it is missing.
 *
 * @throws {EdgecapError} `data-invalid` if EXIF cannot be read.
 */
export function exifDescription(exif: Uint8Array): string | undefined {
  const { value } = readDirectory(exif);
  if (value === undefined) return undefined;
  const bytes = exif.subarray(value.start, value.start + value.length);
  const end = bytes.indexOf(0);
  return decodeAny(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * EXIF with another description. Existing content keeps its place, so that the offsets in maker notes stay correct: new
 * content goes after the rest.
 *
 * @param exif `undefined` if there is none yet.
 * @param text ASCII, or UTF-8, which most programs accept; empty to remove it.
 * @throws {EdgecapError} `data-invalid` if EXIF cannot be read.
 */
export function setExifDescription(exif: Uint8Array | undefined, text: string): Uint8Array {
  if (exif === undefined) return newExif(text);
  const directory = readDirectory(exif);
  const { value, place, little } = directory;
  const bytes = text === "" ? new Uint8Array() : concat([utf8(text), Uint8Array.of(0)]);
  if (value === undefined) return bytes.length === 0 ? exif : addEntry(exif, directory, bytes);
  const edited = copyOf(exif);
  if (bytes.length <= Math.max(value.length, 4)) {
    // The old text is overwritten in its full length; an entry with an empty text means that there is none.
    const kept = bytes.length === 0 ? Uint8Array.of(0) : bytes;
    edited.fill(0, value.start, value.start + value.length);
    if (kept.length > 4) edited.set(kept, value.start);
    else edited.set(concat([kept, new Uint8Array(4 - kept.length)]), place + 8);
    viewOf(edited).setUint32(place + 4, kept.length, little);
    return edited;
  }
  return pointTo(edited, place, bytes, little);
}

/** Whether EXIF holds only a description, as edgecap makes it. */
export function holdsOnlyDescription(exif: Uint8Array): boolean {
  const { count, value, start, little } = readDirectory(exif);
  return count === 1 && value !== undefined && viewOf(exif).getUint32(start + 14, little) === 0;
}

function readDirectory(exif: Uint8Array): Directory {
  const view = viewOf(exif);
  try {
    const order = view.getUint16(0);
    const little = order === 0x4949;
    if (!little && order !== 0x4d4d) throw new RangeError("it begins with no byte order");
    if (view.getUint16(2, little) !== 42) throw new RangeError("it begins with no TIFF header");
    const start = view.getUint32(4, little);
    const count = view.getUint16(start, little);
    const end = start + 2 + 12 * count;
    if (start < 8 || end + 4 > exif.length) throw new RangeError("its first directory lies outside of it");
    const places = Array.from({ length: count }, (_, i) => start + 2 + 12 * i);
    const found = places.find((at) => view.getUint16(at, little) === tag);
    if (found === undefined) {
      const place = places.find((at) => view.getUint16(at, little) > tag) ?? end;
      return { little, start, count, place, value: undefined };
    }
    const place = found;
    const length = view.getUint32(place + 4, little);
    const at = length <= 4 ? place + 8 : view.getUint32(place + 8, little);
    const type = view.getUint16(place + 2, little);
    if (type !== ascii || at + length > exif.length) throw new RangeError("its ImageDescription lies outside of it");
    return { little, start, count, place, value: { start: at, length } };
  } catch (error) {
    throw unchangeable("EXIF", error instanceof Error ? error.message : String(error));
  }
}

/** A copy of the first directory with one more entry, after the rest; entries are sorted by their tags. */
function addEntry(exif: Uint8Array, { little, start, count, place }: Directory, text: Uint8Array): Uint8Array {
  const entry = new Uint8Array(12);
  const head = new Uint8Array(2);
  viewOf(head).setUint16(0, count + 1, little);
  viewOf(entry).setUint16(0, tag, little);
  viewOf(entry).setUint16(2, ascii, little);
  const end = start + 2 + 12 * count;
  const even = new Uint8Array(exif.length % 2);
  const moved = exif.length + even.length;
  const before = exif.subarray(start + 2, place);
  const edited = concat([exif, even, head, before, entry, exif.subarray(place, end + 4)]);
  viewOf(edited).setUint32(4, moved, little);
  return pointTo(edited, moved + 2 + before.length, text, little);
}

/** Gives an entry a text, which goes after the rest if it does not fit into the entry. */
function pointTo(exif: Uint8Array, entry: number, text: Uint8Array, little: boolean): Uint8Array {
  const even = new Uint8Array(exif.length % 2);
  const edited = concat(text.length <= 4 ? [exif] : [exif, even, text]);
  viewOf(edited).setUint32(entry + 4, text.length, little);
  if (text.length <= 4) edited.set(concat([text, new Uint8Array(4 - text.length)]), entry + 8);
  else viewOf(edited).setUint32(entry + 8, exif.length + even.length, little);
  return edited;
}

function newExif(text: string): Uint8Array {
  const head = concat([
    latin1("MM\0*"),
    Uint8Array.of(0, 0, 0, 8, 0, 1, tag >> 8, tag & 255, 0, ascii),
    new Uint8Array(12),
  ]);
  return pointTo(head, 10, concat([utf8(text), Uint8Array.of(0)]), false);
}
