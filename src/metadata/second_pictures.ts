import { concat } from "../files/concat.ts";
import { copyOf, latin1, standsAt, viewOf } from "./bytes.ts";
import { unchangeable } from "./container.ts";

const sign = latin1("MPF\0");
const entriesTag = 0xb002;
const entryLength = 16;

/** A segment of a JPEG. */
interface Segment {
  readonly marker: number;
  readonly raw: Uint8Array;
  readonly payload: Uint8Array;
}

/**
 * Corrects the list of further pictures after the first one (CIPA DC-007, "MPF": previews, gain maps): it holds their
 * distances from itself, and the length of the first picture.
 *
 * @param before The segments as they were. @param after As they are now.
 * @throws {EdgecapError} `data-invalid` if there is a list that cannot be read.
 */
export function moveSecondPictures<T extends Segment>(before: readonly T[], after: readonly T[]): T[] {
  const isList = ({ marker, payload }: T) => marker === 0xe2 && standsAt(payload, 0, sign);
  const list = before.find(isList);
  const grown = lengthOf(after) - lengthOf(before);
  if (list === undefined || grown === 0) return [...after];
  const behind = (segments: readonly T[]) => lengthOf(segments.slice(segments.indexOf(list) + 1));
  const payload = moved(list.payload, behind(after) - behind(before), grown);
  const raw = concat([list.raw.subarray(0, list.raw.length - payload.length), payload]);
  return after.map((segment) => (segment === list ? { ...segment, raw, payload } : segment));
}

function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { raw }) => sum + raw.length, 0);
}

/** @param further By how much the others are further away. @param grown By how much the first is longer. */
function moved(payload: Uint8Array, further: number, grown: number): Uint8Array {
  const bytes = copyOf(payload);
  const tiff = viewOf(bytes.subarray(sign.length));
  try {
    const little = tiff.getUint16(0) === 0x4949;
    const directory = tiff.getUint32(4, little);
    const count = tiff.getUint16(directory, little);
    for (let i = 0; i < count; i++) {
      const entry = directory + 2 + 12 * i;
      if (tiff.getUint16(entry, little) !== entriesTag) continue;
      const length = tiff.getUint32(entry + 4, little);
      const first = tiff.getUint32(entry + 8, little);
      for (let place = first; place + entryLength <= first + length; place += entryLength) {
        const [size, distance] = [tiff.getUint32(place + 4, little), tiff.getUint32(place + 8, little)];
        // The first picture has the distance 0.
        if (distance === 0) tiff.setUint32(place + 4, size + grown, little);
        else tiff.setUint32(place + 8, distance + further, little);
      }
    }
  } catch {
    throw unchangeable("JPEG file", "its list of further pictures (MPF) is damaged");
  }
  return bytes;
}
