/**
 * Generators of picture files with metadata from other programs, for fast-check.
 */
import fc from "fast-check";
import { concat } from "../../src/files/concat.ts";
import { latin1, uint16, uint32, uint32Little } from "../../src/metadata/bytes.ts";
import { crc32 } from "../../src/metadata/png_chunks.ts";

const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength });

/** A segment of a JPEG. */
export function jpegSegment(marker: number, payload: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(0xff, marker), uint16(payload.length + 2), payload]);
}

/** Picture data of a JPEG, as any program may have written it, with the bytes behind it. */
const jpegRest = anyBytes(60).map((data) => concat([jpegSegment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)), data]));

/** A JPEG as a list of its segments, and the bytes behind them. */
export const jpegParts: fc.Arbitrary<{ segments: Uint8Array[]; rest: Uint8Array }> = fc.record({
  segments: fc.array(
    fc
      .tuple(
        fc.constantFrom(0xe0, 0xe1, 0xe2, 0xe5, 0xed, 0xee, 0xfe, 0xdb, 0xc4, 0xc0),
        anyBytes(40),
        fc.integer({ min: 0, max: 2 }),
      )
      .map(([marker, payload, fill]) =>
        concat([new Uint8Array(fill).fill(0xff), jpegSegment(marker, concat([latin1("any"), payload]))]),
      ),
    { maxLength: 6 },
  ),
  rest: jpegRest,
});

export function jpegOf({ segments, rest }: { segments: readonly Uint8Array[]; rest: Uint8Array }): Uint8Array {
  return concat([Uint8Array.of(0xff, 0xd8), ...segments, rest]);
}

/** A chunk of a PNG. */
function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const named = concat([latin1(type), data]);
  return concat([uint32(data.length), named, uint32(crc32(named))]);
}

const pngHeader = pngChunk("IHDR", concat([uint32(1), uint32(1), Uint8Array.of(8, 0, 0, 0, 0)]));

/** A PNG as a list of the chunks between header and end, and the bytes behind them. */
export const pngParts: fc.Arbitrary<{ chunks: Uint8Array[]; rest: Uint8Array }> = fc.record({
  chunks: fc.array(
    fc
      .tuple(fc.constantFrom("tEXt", "iTXt", "zTXt", "gAMA", "PLTE", "IDAT", "acTL", "prVt"), anyBytes(40))
      .map(([type, data]) => pngChunk(type, data)),
    { maxLength: 6 },
  ),
  rest: anyBytes(20),
});

export function pngOf({ chunks, rest }: { chunks: readonly Uint8Array[]; rest: Uint8Array }): Uint8Array {
  const sign = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return concat([sign, pngHeader, ...chunks, pngChunk("IEND", new Uint8Array()), rest]);
}

/** A chunk of a WebP. */
function webpChunk(type: string, data: Uint8Array): Uint8Array {
  return concat([latin1(type), uint32Little(data.length), data, new Uint8Array(data.length % 2)]);
}

const lossy = fc
  .tuple(fc.integer({ min: 1, max: 0x3fff }), fc.integer({ min: 1, max: 0x3fff }), anyBytes(30))
  .map(([width, height, data]) => {
    const size = concat([uint16(width).reverse(), uint16(height).reverse()]);
    return webpChunk("VP8 ", concat([Uint8Array.of(0x30, 1, 0, 0x9d, 0x01, 0x2a), size, data]));
  });
const lossless = anyBytes(30).map((data) => webpChunk("VP8L", concat([Uint8Array.of(0x2f), new Uint8Array(9), data])));
const extended = fc
  .tuple(fc.integer({ min: 0, max: 255 }), lossy)
  .map(([flags, picture]) =>
    concat([webpChunk("VP8X", concat([Uint8Array.of(flags & 0xf3), new Uint8Array(9)])), picture]),
  );

/** A WebP as its picture, further chunks, and the bytes behind them. */
export const webpParts: fc.Arbitrary<{ picture: Uint8Array; chunks: Uint8Array[]; rest: Uint8Array }> = fc.record({
  picture: fc.oneof(lossy, lossless, extended),
  chunks: fc.array(
    fc
      .tuple(fc.constantFrom("ICCP", "ANIM", "ANMF", "any "), anyBytes(30))
      .map(([type, data]) => webpChunk(type, data)),
    { maxLength: 4 },
  ),
  rest: anyBytes(20),
});

export function webpOf({
  picture,
  chunks,
  rest,
}: {
  picture: Uint8Array;
  chunks: readonly Uint8Array[];
  rest: Uint8Array;
}): Uint8Array {
  const body = concat([latin1("WEBP"), picture, ...chunks]);
  return concat([latin1("RIFF"), uint32Little(body.length), body, rest]);
}

/** Text as people may write it, without characters that no form can store. */
export const anyText: fc.Arbitrary<string> = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((text) => text.trim() !== "");
