import { concat } from "../files/concat.ts";
import { copyOf, latin1, standsAt, uint32Little, viewOf } from "./bytes.ts";
import { type Container, corrupt, truncated, unchangeable } from "./container.ts";

/** Flags of the header `VP8X`. */
const flags = { alpha: 0x10, exif: 0x08, xmp: 0x04 } as const;

interface Chunk {
  readonly type: string;
  readonly raw: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * Takes a WebP apart.
 *
 * @throws {EdgecapError} `image-truncated`, `image-corrupt`; `data-invalid` if it holds a block twice.
 */
export function readWebp(bytes: Uint8Array): Container {
  const { chunks, rest } = splitWebp(bytes);
  const only = (type: string) => {
    const found = chunks.filter((chunk) => chunk.type === type);
    if (found.length > 1) throw unchangeable("WebP file", `it contains ${found.length} blocks of ${type.trim()}`);
    return found[0];
  };
  const [xmp, exif] = [only("XMP "), only("EXIF")];
  // Some programs write JPEG's prefix before EXIF.
  const hasSign = exif !== undefined && exif.data.length >= 6 && standsAt(exif.data, 0, latin1("Exif\0"));
  return {
    format: "WebP",
    xmp: xmp?.data,
    exif: exif?.data.subarray(hasSign ? 6 : 0),
    resources: undefined,
    replace: (blocks) => {
      const changed = [...chunks];
      const put = (old: Chunk | undefined, type: string, block: Uint8Array | null | undefined, place: () => number) => {
        if (block === undefined) return;
        const added = block === null ? [] : [makeChunk(type, block)];
        if (old !== undefined) changed.splice(changed.indexOf(old), 1, ...added);
        else changed.splice(place(), 0, ...added);
      };
      const end = () => changed.length;
      put(xmp, "XMP ", blocks.xmp, end);
      // EXIF comes before XMP.
      put(
        exif,
        "EXIF",
        blocks.exif && concat(hasSign ? [exif.data.subarray(0, 6), blocks.exif] : [blocks.exif]),
        () => {
          const place = changed.findIndex(({ type }) => type === "XMP ");
          return place < 0 ? end() : place;
        },
      );
      return join(withHeader(changed), rest);
    },
  };
}

function splitWebp(bytes: Uint8Array): { chunks: Chunk[]; rest: Uint8Array } {
  if (bytes.length < 12) throw truncated("WebP");
  const view = viewOf(bytes);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw truncated("WebP");
  const chunks: Chunk[] = [];
  for (let place = 12; place < end; ) {
    if (place + 8 > end) throw corrupt("WebP", `bytes behind its last chunk, at ${place}`);
    const type = String.fromCharCode(...bytes.subarray(place, place + 4));
    const length = view.getUint32(place + 4, true);
    if (place + 8 + length > end) throw corrupt("WebP", `a chunk longer than the file, at byte ${place}`);
    // Some programs leave out the padding byte of the last one.
    const next = Math.min(end, place + 8 + length + (length % 2));
    chunks.push({ type, raw: bytes.subarray(place, next), data: bytes.subarray(place + 8, place + 8 + length) });
    place = next;
  }
  return { chunks, rest: bytes.subarray(end) };
}

/** The chunks with a header that lists which of them exist. */
function withHeader(chunks: readonly Chunk[]): Chunk[] {
  const has = (type: string, flag: number) => (chunks.some((chunk) => chunk.type === type) ? flag : 0);
  const present = has("XMP ", flags.xmp) | has("EXIF", flags.exif);
  const first = chunks[0];
  if (first?.type === "VP8X") {
    if (first.data.length < 10) throw corrupt("WebP", "its header ends early");
    const data = copyOf(first.data);
    data[0] = (data[0]! & ~(flags.xmp | flags.exif)) | present;
    return [makeChunk("VP8X", data), ...chunks.slice(1)];
  }
  return present === 0 ? [...chunks] : [makeChunk("VP8X", headerOf(first, present)), ...chunks];
}

/** The header for a picture that has none: flags, and width and height minus one in three bytes each. */
function headerOf(picture: Chunk | undefined, present: number): Uint8Array {
  const { type, data } = picture ?? { type: "", data: new Uint8Array() };
  if (data.length < 10) throw corrupt("WebP", "it does not begin with a picture");
  const view = viewOf(data);
  let [width, height, alpha] = [0, 0, 0];
  if (type === "VP8 " && standsAt(data, 3, Uint8Array.of(0x9d, 0x01, 0x2a))) {
    width = view.getUint16(6, true) & 0x3fff;
    height = view.getUint16(8, true) & 0x3fff;
  } else if (type === "VP8L" && data[0] === 0x2f) {
    const bits = view.getUint32(1, true);
    width = (bits & 0x3fff) + 1;
    height = ((bits >>> 14) & 0x3fff) + 1;
    alpha = (bits >>> 28) & 1 ? flags.alpha : 0;
  } else throw corrupt("WebP", "it does not begin with a picture");
  if (width === 0 || height === 0) throw corrupt("WebP", "its picture has no area");
  const three = (value: number) => uint32Little(value - 1).subarray(0, 3);
  return concat([Uint8Array.of(present | alpha, 0, 0, 0), three(width), three(height)]);
}

function makeChunk(type: string, data: Uint8Array): Chunk {
  const filling = new Uint8Array(data.length % 2);
  return { type, data, raw: concat([latin1(type), uint32Little(data.length), data, filling]) };
}

function join(chunks: readonly Chunk[], rest: Uint8Array): Uint8Array {
  // A chunk that others follow needs its padding byte.
  const raws = chunks.map(({ raw }, i) =>
    raw.length % 2 === 1 && i < chunks.length - 1 ? concat([raw, new Uint8Array(1)]) : raw,
  );
  const body = concat([latin1("WEBP"), ...raws]);
  return concat([latin1("RIFF"), uint32Little(body.length), body, rest]);
}
