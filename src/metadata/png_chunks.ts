import { inflateSync } from "node:zlib";
import { concat } from "../files/concat.ts";
import { latin1, standsAt, uint32, utf8, viewOf } from "./bytes.ts";
import { type Container, corrupt, truncated, unchangeable } from "./container.ts";

/** First bytes of a PNG. */
export const pngSign: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

const xmpKeyword = latin1("XML:com.adobe.xmp\0");
/** Longest XMP packet that is unpacked, in bytes. */
const mostUnpacked = 64 * 2 ** 20;

interface Chunk {
  readonly type: string;
  readonly raw: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * Takes a PNG apart.
 *
 * @throws {EdgecapError} `image-truncated`, `image-corrupt`; `data-invalid` if it holds a block twice, or one that
 *   cannot be unpacked.
 */
export function readPng(bytes: Uint8Array): Container {
  const { chunks, rest } = splitPng(bytes);
  const only = (isIt: (chunk: Chunk) => boolean, name: string) => {
    const found = chunks.filter(isIt);
    if (found.length > 1) throw unchangeable("PNG file", `it contains ${found.length} blocks of ${name}`);
    return found[0];
  };
  const xmp = only(isXmp, "XMP");
  const exif = only(isExif, "EXIF");
  return {
    format: "PNG",
    xmp: xmp && unpackXmp(xmp.data),
    exif: exif?.data,
    resources: undefined,
    replace: (blocks) => {
      const changed = [...chunks];
      const put = (
        old: Chunk | undefined,
        block: Uint8Array | null | undefined,
        make: (block: Uint8Array) => Chunk,
      ) => {
        if (block === undefined) return;
        const added = block === null ? [] : [make(block)];
        if (old !== undefined) changed.splice(changed.indexOf(old), 1, ...added);
        // After the header and before the picture data, because some programs do not read further.
        else changed.splice(changed.findIndex(({ type }) => type === "IHDR") + 1, 0, ...added);
      };
      put(xmp, blocks.xmp, (block) => makeChunk("iTXt", concat([xmpKeyword, Uint8Array.of(0, 0, 0, 0), block])));
      put(exif, blocks.exif, (block) => makeChunk("eXIf", block));
      return concat([pngSign, ...changed.map(({ raw }) => raw), rest]);
    },
  };
}

function splitPng(bytes: Uint8Array): { chunks: Chunk[]; rest: Uint8Array } {
  const view = viewOf(bytes);
  const chunks: Chunk[] = [];
  for (let place = pngSign.length; ; ) {
    if (place + 12 > bytes.length) throw truncated("PNG");
    const end = place + 12 + view.getUint32(place);
    if (end > bytes.length) throw truncated("PNG");
    const type = String.fromCharCode(...bytes.subarray(place + 4, place + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw corrupt("PNG", `a chunk without a valid name at byte ${place}`);
    chunks.push({ type, raw: bytes.subarray(place, end), data: bytes.subarray(place + 8, end - 4) });
    place = end;
    if (type !== "IEND") continue;
    if (!chunks.some((chunk) => chunk.type === "IHDR")) throw corrupt("PNG", "it has no header");
    return { chunks, rest: bytes.subarray(place) };
  }
}

function isXmp({ type, data }: Chunk): boolean {
  return type === "iTXt" && data.length >= xmpKeyword.length && standsAt(data, 0, xmpKeyword);
}

function isExif({ type }: Chunk): boolean {
  return type === "eXIf";
}

/** The text of an `iTXt` chunk: after its keyword, a flag, a method, a language and a translated keyword. */
function unpackXmp(data: Uint8Array): Uint8Array {
  const flag = data[xmpKeyword.length];
  const language = data.indexOf(0, xmpKeyword.length + 2);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) throw unchangeable("XMP of the PNG file", "its chunk ends early");
  const text = data.subarray(translated + 1);
  if (flag !== 1) return text;
  try {
    return inflateSync(text, { maxOutputLength: mostUnpacked });
  } catch {
    throw unchangeable("XMP of the PNG file", "it cannot be unpacked");
  }
}

function makeChunk(type: string, data: Uint8Array): Chunk {
  const named = concat([utf8(type), data]);
  return { type, data, raw: concat([uint32(data.length), named, uint32(crc32(named))]) };
}

/** The check sum of PNG (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
