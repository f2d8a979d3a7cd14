import { concat } from "../files/concat.ts";
import { latin1, standsAt, uint16, viewOf } from "./bytes.ts";
import { type Container, corrupt, type NewBlocks, truncated, unchangeable } from "./container.ts";
import { moveSecondPictures } from "./second_pictures.ts";

const app1 = 0xe1;
const app13 = 0xed;
const exifSign = latin1("Exif\0");
const xmpSign = latin1("http://ns.adobe.com/xap/1.0/\0");
const extendedSign = latin1("http://ns.adobe.com/xmp/extension/\0");
const photoshopSign = latin1("Photoshop 3.0\0");

/** A segment of a JPEG before its picture data. */
interface Segment {
  readonly marker: number;
  /** All its bytes, with fill bytes before its marker. */
  readonly raw: Uint8Array;
  /** Its content. */
  readonly payload: Uint8Array;
}

/** The segments that hold a block. */
const kinds = {
  exif: { marker: app1, sign: exifSign },
  xmp: { marker: app1, sign: xmpSign },
  resources: { marker: app13, sign: photoshopSign },
} as const;

type Kind = keyof typeof kinds;

/**
 * Takes a JPEG apart.
 *
 * @throws {EdgecapError} `image-truncated`, `image-corrupt`; `data-invalid` if it holds a block twice.
 */
export function readJpeg(bytes: Uint8Array): Container {
  const { segments, rest } = splitJpeg(bytes);
  const found = (kind: Kind) => segments.filter((segment) => isKind(segment, kind));
  const block = (kind: Kind): Uint8Array | undefined => {
    const all = found(kind);
    if (all.length > 1) throw unchangeable("JPEG file", `it contains ${all.length} blocks of ${names[kind]}`);
    // Two bytes follow "Exif"; some programs set the second to a value other than 0.
    return all[0]?.payload.subarray(kinds[kind].sign.length + (kind === "exif" ? 1 : 0));
  };
  return {
    format: "JPEG",
    exif: block("exif"),
    xmp: block("xmp"),
    resources: block("resources"),
    extendedXmp: extendedXmp(segments),
    replace: (blocks) => replaceBlocks(segments, rest, blocks),
  };
}

const names: Readonly<Record<Kind, string>> = { exif: "EXIF", xmp: "XMP", resources: "Photoshop resources" };

/** The segments before the picture data, and that data with everything after it. */
function splitJpeg(bytes: Uint8Array): { segments: Segment[]; rest: Uint8Array } {
  const segments: Segment[] = [];
  for (let place = 2; ; ) {
    const start = place;
    if (place >= bytes.length) throw truncated("JPEG");
    if (bytes[place] !== 0xff) throw corrupt("JPEG", `no marker at byte ${place}`);
    while (bytes[place] === 0xff) place++;
    const marker = bytes[place++];
    if (marker === undefined) throw truncated("JPEG");
    if (marker === 0xd9) throw truncated("JPEG");
    if (marker === 0xda) return { segments, rest: bytes.subarray(start) };
    let payload = new Uint8Array();
    if (marker !== 0x01 && !(marker >= 0xd0 && marker <= 0xd8)) {
      if (place + 2 > bytes.length) throw truncated("JPEG");
      const length = (bytes[place]! << 8) | bytes[place + 1]!;
      if (length < 2) throw corrupt("JPEG", `a segment of length ${length} at byte ${place}`);
      if (place + length > bytes.length) throw truncated("JPEG");
      payload = bytes.subarray(place + 2, place + length) as Uint8Array<ArrayBuffer>;
      place += length;
    }
    segments.push({ marker, raw: bytes.subarray(start, place), payload });
  }
}

function isKind({ marker, payload }: Segment, kind: Kind): boolean {
  const { marker: own, sign } = kinds[kind];
  return marker === own && payload.length >= sign.length && standsAt(payload, 0, sign);
}

/**
 * The parts of XMP that did not fit into one segment: each has a name of 32 characters, a total length and its place.
 */
function extendedXmp(segments: readonly Segment[]): Uint8Array | undefined {
  const head = extendedSign.length + 40;
  const parts = segments
    .filter(({ marker, payload }) => marker === app1 && payload.length >= head && standsAt(payload, 0, extendedSign))
    .map(({ payload }) => ({ place: viewOf(payload).getUint32(head - 4), bytes: payload.subarray(head) }))
    .sort((a, b) => a.place - b.place);
  return parts.length === 0 ? undefined : concat(parts.map(({ bytes }) => bytes));
}

function replaceBlocks(segments: readonly Segment[], rest: Uint8Array, blocks: NewBlocks): Uint8Array {
  let changed = [...segments];
  // In the order for new ones.
  for (const kind of ["exif", "xmp", "resources"] as const) {
    const block = blocks[kind];
    if (block === undefined) continue;
    const place = changed.findIndex((segment) => isKind(segment, kind));
    const added = block === null ? [] : [makeSegment(kind, block)];
    if (place >= 0) changed.splice(place, 1, ...added);
    else changed.splice(placeOfNew(changed, kind), 0, ...added);
  }
  changed = moveSecondPictures(segments, changed);
  return concat([Uint8Array.of(0xff, 0xd8), ...changed.map(({ raw }) => raw), rest]);
}

/** EXIF comes after JFIF, everything else after both, but before segments that hold offsets in the file. */
function placeOfNew(segments: readonly Segment[], kind: Kind): number {
  const isHead = ({ marker }: Segment) => marker === 0xe0 || (kind !== "exif" && marker === app1);
  const place = segments.findIndex((segment) => !isHead(segment));
  return place < 0 ? segments.length : place;
}

function makeSegment(kind: Kind, block: Uint8Array): Segment {
  const { marker, sign } = kinds[kind];
  const payload = concat([sign, ...(kind === "exif" ? [Uint8Array.of(0)] : []), block]);
  if (payload.length + 2 > 0xffff) {
    throw unchangeable(names[kind], `with the text it needs ${payload.length} bytes, but a JPEG holds only 65533`);
  }
  return { marker, payload, raw: concat([Uint8Array.of(0xff, marker), uint16(payload.length + 2), payload]) };
}
