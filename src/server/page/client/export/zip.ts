import { concat } from "../../../../files/concat.ts";

/** The most files that the format holds without its extensions. */
const mostFiles = 0xffff;

/** 1 January 1980, the earliest that the format knows: the same texts give the same bytes. */
const date = 0x21;

/** Bit 11: names are UTF-8. */
const flags = 0x800;

/**
 * Texts as a ZIP file (PKWARE's APPNOTE, method 0: stored). They are small, so nothing is compressed.
 *
 * @param files Texts by their paths, with `/` between the parts.
 */
export function zipOf(files: ReadonlyMap<string, string>): Uint8Array<ArrayBuffer> {
  if (files.size > mostFiles) throw new RangeError(`A ZIP file holds ${mostFiles} files, not ${files.size}.`);
  const encoder = new TextEncoder();
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [path, text] of files) {
    const name = encoder.encode(path);
    const content = encoder.encode(text);
    const common = [2, flags, 2, 0, 2, 0, 2, date, 4, crc32(content), 4, content.length, 4, content.length];
    const header = record(4, 0x04034b50, 2, 20, ...common, 2, name.length, 2, 0);
    // Neither a comment nor attributes, on the first disk.
    const nothing = [2, 0, 2, 0, 2, 0, 2, 0, 4, 0];
    central.push(record(4, 0x02014b50, 2, 20, 2, 20, ...common, 2, name.length, ...nothing, 4, offset), name);
    local.push(header, name, content);
    offset += header.length + name.length + content.length;
  }
  const size = central.reduce((sum, part) => sum + part.length, 0);
  const end = record(4, 0x06054b50, 2, 0, 2, 0, 2, files.size, 2, files.size, 4, size, 4, offset, 2, 0);
  return concat([...local, ...central, end]);
}

/** Numbers, each after its width in bytes, little-endian. */
function record(...widthsAndNumbers: number[]): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < widthsAndNumbers.length; i += 2) {
    for (let byte = 0; byte < widthsAndNumbers[i]!; byte++)
      bytes.push((widthsAndNumbers[i + 1]! >>> (8 * byte)) & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** The checksum of ISO 3309, as ZIP has it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
