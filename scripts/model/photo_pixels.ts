import { inflateSync } from "node:zlib";
import { EdgecapError } from "../../src/errors.ts";

/**
 * Decodes a photo to squashed RGB pixels with Bun's own decoder, so that making the encoder needs no other.
 *
 * @param photo A file's bytes in any format that Bun reads.
 * @param size Height and width to squash to; a photo of that size is not resampled.
 * @returns size x size x 3 bytes, row by row.
 */
export async function photoPixels(photo: Uint8Array, size: number): Promise<Uint8Array> {
  const image = new Bun.Image(photo);
  const { width, height } = await image.metadata();
  if (width !== size || height !== size) image.resize(size, size, { fit: "fill", filter: "bilinear" });
  return readPng(await image.png({ compressionLevel: 0 }).bytes());
}

/** Reads the pixels of a PNG of 8 bits a channel, RGB or RGBA, as Bun writes them. */
function readPng(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const channels = { 2: 3, 6: 4 }[png[25] ?? 0];
  if (channels === undefined || png[24] !== 8) {
    throw new EdgecapError(
      "image-unsupported",
      `A PNG of colour type ${png[25]} and ${png[24]} bits is not one of 8-bit RGB.`,
    );
  }
  const parts: Uint8Array[] = [];
  for (let at = 8; at < png.length; at += view.getUint32(at) + 12) {
    if (view.getUint32(at + 4) === 0x49444154) parts.push(png.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const rows = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) pixels.set(rows.subarray(i * channels, i * channels + 3), i * 3);
  return pixels;
}

/** Undoes PNG's row filters (none, left, up, average, Paeth). */
function unfiltered(data: Uint8Array, stride: number, height: number, channels: number): Uint8Array {
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= channels ? rows[at - channels]! : 0;
      const up = y > 0 ? rows[at - stride]! : 0;
      const corner = x >= channels && y > 0 ? rows[at - stride - channels]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      rows[at] = data[y * (stride + 1) + 1 + x]! + guess;
    }
  }
  return rows;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [byLeft, byUp, byCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
