import { deflateSync } from "node:zlib";

/** A picture file's parts, one after another. */
export function joined(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === "string" ? Uint8Array.from(part, (c) => c.charCodeAt(0)) : part));
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A big-endian number of `bytes` bytes. */
export function bigEndian(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * (bytes - 1 - i))) % 256);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** A chunk of a PNG, with its checksum. */
export function pngChunk(kind: string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const body = joined(kind, data);
  let crc = -1;
  for (const byte of body) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return joined(bigEndian(data.length, 4), body, bigEndian(~crc >>> 0, 4));
}

/** How {@linkcode flatPng} makes a PNG. */
export interface PngForm {
  /** Bits a sample, 8 or 16. Default 8. */
  readonly bits?: number;
  /** 0 grey, 2 red, green and blue, 6 with alpha. Default 2. */
  readonly colour?: 0 | 2 | 6;
  readonly interlaced?: boolean;
  /** Chunks before the pixels. */
  readonly before?: readonly Uint8Array[];
}

/** A black PNG (with alpha: a transparent one) of any size, in a very small file. */
export function flatPng(width: number, height: number, form: PngForm = {}): Uint8Array {
  const { bits = 8, colour = 2, interlaced = false, before = [] } = form;
  const pixelBytes = (bits / 8) * { 0: 1, 2: 3, 6: 4 }[colour];
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ];
  let length = 0;
  for (const [x, y, across, down] of interlaced ? passes : [[0, 0, 1, 1]]) {
    const columns = Math.ceil((width - x!) / across!);
    if (columns > 0) length += Math.max(Math.ceil((height - y!) / down!), 0) * (1 + columns * pixelBytes);
  }
  return joined(
    "\x89PNG\r\n\x1a\n",
    pngChunk(
      "IHDR",
      joined(bigEndian(width, 4), bigEndian(height, 4), Uint8Array.of(bits, colour, 0, 0, Number(interlaced))),
    ),
    ...before,
    pngChunk("IDAT", deflateSync(new Uint8Array(length), { level: 1 })),
    pngChunk("IEND"),
  );
}

/** A marker segment of a JPEG. */
export function jpegSegment(marker: number, data: Uint8Array | string): Uint8Array {
  return joined(Uint8Array.of(0xff, marker), bigEndian(data.length + 2, 2), data);
}

/** How {@linkcode flatJpeg} makes a JPEG. */
export interface JpegForm {
  /** Whether chroma has half the size. Default true. */
  readonly halved?: boolean;
  readonly progressive?: boolean;
  /** Segments before the frame. */
  readonly before?: readonly Uint8Array[];
}

/** A grey JPEG of any size, for the tables that decoders use by default. A progressive one has only its first scan. */
export function flatJpeg(width: number, height: number, form: JpegForm = {}): Uint8Array {
  const { halved = true, progressive = false, before = [] } = form;
  const side = halved ? 2 : 1;
  const units = Math.ceil(width / (8 * side)) * Math.ceil(height / (8 * side));
  const luma = side * side;
  // A block is 00 for its brightness, and 1010 (luma) or 00 (chroma) for the end of the rest.
  const unit = progressive ? "00".repeat(luma + 2) : "001010".repeat(luma) + "0000".repeat(2);
  const period = unit.repeat(8 / [8, 4, 2, 1].find((n) => (unit.length / 1) % n === 0)!);
  const pattern = Uint8Array.from({ length: period.length / 8 }, (_, i) =>
    Number.parseInt(period.slice(8 * i, 8 * i + 8), 2),
  );
  const data = new Uint8Array(Math.ceil((units * unit.length) / 8));
  for (let i = 0; i < data.length; i++) data[i] = pattern[i % pattern.length]!;
  const sampling = (luma: boolean) => (luma ? side * 17 : 17);
  return joined(
    Uint8Array.of(0xff, 0xd8),
    ...before,
    jpegSegment(0xdb, new Uint8Array(65).fill(1, 1)),
    jpegSegment(
      progressive ? 0xc2 : 0xc0,
      joined(
        Uint8Array.of(8),
        bigEndian(height, 2),
        bigEndian(width, 2),
        Uint8Array.of(3, 1, sampling(true), 0, 2, sampling(false), 0, 3, sampling(false), 0),
      ),
    ),
    jpegSegment(0xda, Uint8Array.of(3, 1, 0, 2, 0x11, 3, 0x11, 0, progressive ? 0 : 63, 0)),
    data,
    Uint8Array.of(0xff, 0xd9),
  );
}
