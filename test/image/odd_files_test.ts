import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { decodeImage } from "../../src/image/decode.ts";
import type { DecodedImage } from "../../src/image/decode_by.ts";
import { bigEndian, flatJpeg, flatPng, joined, jpegSegment, pngChunk } from "./made_pictures.ts";

const folder = fileURLToPath(new URL("../fixtures/images/", import.meta.url));

function fixture(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(folder + name));
}

function decoded(bytes: Uint8Array, atMost = 100): Promise<DecodedImage> {
  return decodeImage(bytes, { size: { atMost } });
}

/** The code and the message of a refusal. */
async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    const { format } = await decoded(bytes);
    return `a ${format}`;
  } catch (error) {
    if (error instanceof EdgecapError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function littleEndian(value: number, bytes: number): Uint8Array {
  return bigEndian(value, bytes).reverse();
}

describe("a JPEG", () => {
  test("of any narrow shape is read at any size", async () => {
    const side = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 400 }));
    await fc.assert(
      fc.asyncProperty(side, side, fc.integer({ min: 1, max: 120 }), async (width, height, atMost) => {
        const { size, rgb } = await decoded(flatJpeg(width, height), atMost);
        expect(Math.max(size.width, size.height)).toBe(Math.min(atMost, Math.max(width, height)));
        expect(rgb.length).toBe(3 * size.width * size.height);
        expect(rgb.every((value) => value === 128)).toBe(true);
      }),
    );
  });

  test("may have settings of arithmetic coding that it does not use", async () => {
    const photo = fixture("rgb.jpg");
    const settings = joined(photo.subarray(0, 2), jpegSegment(0xcc, Uint8Array.of(0, 0x10)), photo.subarray(2));
    expect(await decoded(settings)).toEqual(await decoded(photo));
  });
});

describe("a JPEG whose components share a number", () => {
  const photo = fixture("rgb.jpg");

  /** The photo with these numbers in its frame header, and these in the header of its scan. */
  function numbered(frame: readonly number[], scan = frame): Uint8Array {
    const bytes = photo.slice();
    for (let at = 2; ; at += 2 + (bytes[at + 2]! << 8) + bytes[at + 3]!) {
      if (bytes[at + 1] === 0xc0) for (const [place, number] of frame.entries()) bytes[at + 10 + 3 * place] = number;
      if (bytes[at + 1] !== 0xda) continue;
      for (const [place, number] of scan.entries()) bytes[at + 5 + 2 * place] = number;
      return bytes;
    }
  }

  test("has the pixels of the same file with numbers of its own for each", async () => {
    const right = await decoded(photo);
    const few = fc.integer({ min: 0, max: 2 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(few, few, few), async (numbers) => {
        expect(await decoded(numbered(numbers))).toEqual(right);
      }),
    );
  });

  test("is refused if its scan names other components than its frame", async () => {
    expect(await refusal(numbered([1, 1, 1], [1, 2, 3]))).toMatch(/^image-corrupt: /);
    expect(await refusal(numbered([1, 1, 2], [1, 2, 1]))).toMatch(/^image-corrupt: /);
  });
});

describe("a GIF", () => {
  const bytes = fixture("rgb.gif");
  /** Where the blocks begin, behind the colours. */
  const blocks = 13 + 3 * 2 ** ((bytes[10]! & 7) + 1);

  test("may have zeros before its first frame", async () => {
    const padded = joined(bytes.subarray(0, blocks), new Uint8Array(3), bytes.subarray(blocks));
    expect(await decoded(padded)).toEqual(await decoded(bytes));
  });

  test("with a screen that is too small, or none, shows its first frame", async () => {
    for (const [width, height] of [
      [0, 0],
      [20, 10],
      [60, 1],
    ] as const) {
      const small = bytes.slice();
      small.set(joined(littleEndian(width, 2), littleEndian(height, 2)), 6);
      expect([width, height, await decoded(small)]).toEqual([width, height, await decoded(bytes)]);
    }
    // A frame that lies partly outside enlarges the screen.
    const moved = bytes.slice();
    const frame = moved.indexOf(0x2c, blocks);
    moved.set(littleEndian(7, 2), frame + 1);
    const { size, rgb } = await decoded(moved);
    expect(size).toEqual({ width: 67, height: 44 });
    expect([...rgb.subarray(0, 21)]).toEqual(Array(21).fill(255));
    expect(rgb.subarray(21, 201)).toEqual((await decoded(bytes)).rgb.subarray(0, 180));
  });

  test("counts with its enlarged size against the limit of pixels", async () => {
    const none = bytes.slice();
    none.fill(0, 6, 10);
    await expect(decodeImage(none, { size: 8, maxPixels: 60 * 44 - 1 })).rejects.toThrow("60 x 44 pixels");
  });
});

describe("a WebP file", () => {
  const flagOf = { icc: 0x20, alpha: 0x10, exif: 0x08, xmp: 0x04 } as const;
  const chunk = (name: string, data: Uint8Array | string) => {
    const body = joined(data);
    return joined(name, littleEndian(body.length, 4), body, new Uint8Array(body.length % 2));
  };
  const file = (...chunks: readonly Uint8Array[]) => {
    const body = joined("WEBP", ...chunks);
    return joined("RIFF", littleEndian(body.length, 4), body);
  };
  const extended = (flags: number) =>
    chunk("VP8X", joined(Uint8Array.of(flags, 0, 0, 0), littleEndian(59, 3), littleEndian(43, 3)));
  const turned = joined("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0");
  const forms = ["lossy.webp", "rgb.webp", "alpha.webp"].map((name) => ({ name, plain: fixture(name) }));
  /** The chunk of the pixels. */
  const pixels = (plain: Uint8Array) => {
    for (let at = 12; at < plain.length; ) {
      const length = new DataView(plain.buffer).getUint32(at + 4, true);
      const end = at + 8 + length + (length % 2);
      if (/^VP8[ L]$/.test(String.fromCharCode(...plain.subarray(at, at + 4)))) return plain.subarray(at, end);
      at = end;
    }
    throw new Error("there are no pixels");
  };

  for (const { name, plain } of forms) {
    test(`like ${name} is read the same whatever its extended header announces`, async () => {
      const { rgb } = await decoded(plain);
      for (let flags = 0; flags < 0x40; flags += 4)
        expect([flags, (await decoded(file(extended(flags), pixels(plain)))).rgb]).toEqual([flags, rgb]);
    });
  }

  test("is turned by the metadata that its header announces, as libwebp reads it", async () => {
    const notes: readonly (readonly [number, Uint8Array])[] = [
      [flagOf.exif, chunk("EXIF", turned)],
      [flagOf.xmp, chunk("XMP ", '<x tiff:Orientation="6"/>')],
    ];
    for (const { plain } of forms) {
      for (const [flag, note] of notes) {
        for (const flags of [0, flag, 0x3c - flag, 0x3c]) {
          const { size } = await decoded(file(extended(flags), pixels(plain), note));
          const announced = (flags & flag) !== 0;
          expect([flags, size.width > size.height]).toEqual([flags, !announced]);
        }
        const { size } = await decoded(file(pixels(plain), note));
        expect(size).toEqual({ width: 60, height: 44 });
      }
    }
  });
});

describe("a BMP", () => {
  const info = (width: number, height: number, bits: number, packing: number) =>
    joined(
      littleEndian(40, 4),
      littleEndian(width, 4),
      littleEndian(height, 4),
      Uint8Array.of(1, 0, bits, 0),
      littleEndian(packing, 4),
      new Uint8Array(20),
    );

  test("that does not say where its pixels begin is read behind its header", async () => {
    for (const name of ["rgb.bmp", "palette.bmp"]) {
      const bytes = fixture(name);
      const silent = bytes.slice();
      silent.fill(0, 10, 14);
      expect((await decoded(silent)).rgb).toEqual((await decoded(bytes)).rgb);
    }
  });

  test("whose pixels would begin inside its header is refused", async () => {
    const bytes = fixture("rgb.bmp");
    for (const offset of [1, 14, 53]) {
      bytes.set(littleEndian(offset, 4), 10);
      expect(await refusal(bytes)).toMatch(/^image-corrupt: .*begin inside its header, at byte \d+/);
    }
  });

  test("in runs may lack the codes behind its last pixel, and no pixel", async () => {
    const colours = joined(...Array.from({ length: 256 }, (_, i) => Uint8Array.of(i, i, i, 0)));
    const runs = (data: Uint8Array) => joined("BM", new Uint8Array(12), info(4, 2, 8, 1), colours, data);
    const rows = Uint8Array.of(3, 9, 1, 7, 0, 0, 0, 4, 1, 2, 3, 4);
    const whole = await decoded(runs(joined(rows, Uint8Array.of(0, 0, 0, 1))));
    expect([...whole.rgb.subarray(0, 12)]).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
    for (const end of [[0, 0], [0, 1], []]) {
      expect((await decoded(runs(joined(rows, Uint8Array.from(end))))).rgb).toEqual(whole.rgb);
    }
    for (let cut = 1; cut < rows.length; cut++)
      expect(await refusal(runs(rows.subarray(0, cut)))).toContain("image-truncated");
  });
});

describe("a file of another kind", () => {
  const utf16 = (text: string) => joined(...Array.from(text, (letter) => littleEndian(letter.charCodeAt(0), 2)));
  const named: Readonly<Record<string, readonly [string | Uint8Array, string]>> = {
    "a PNG of an iPhone app": [
      joined("\x89PNG\r\n\x1a\n", pngChunk("CgBI", Uint8Array.of(0x50, 0, 0x20, 2)), flatPng(4, 4).subarray(8)),
      "CgBI",
    ],
    "JPEG-LS": [joined("\xff\xd8", jpegSegment(0xf7, Uint8Array.of(8, 0, 4, 0, 4, 1, 1, 17, 0))), "JPEG-LS"],
    "JPEG XR": ["II\xbc\x01\x20\0\0\0", "JPEG XR"],
    "a raw photo of Panasonic": ["IIU\0\x18\0\0\0", "RW2"],
    "a raw photo of Olympus": ["IIRO\x08\0\0\0", "ORF"],
    "a raw photo of Canon": ["II\x1a\0\0\0HEAPCCDR", "CRW"],
    "a short film": ["\0\0\0\x14ftypqt  ", "a film"],
    "an AVI film": ["RIFF\0\0\0\0AVI LIST", "AVI"],
    "a cursor": ["\0\0\x02\0\x01\0\x20\x20", "CUR"],
    PostScript: ["%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"],
    "a portable bitmap": ["P6\n4 4\n255\n", "PNM"],
    OpenEXR: ["\x76\x2f\x31\x01\x02\0\0\0", "OpenEXR"],
    "SVG behind white space": ["\r\n  <svg xmlns='x'/>", "SVG"],
    "SVG behind a byte order mark": ["\xef\xbb\xbf<svg/>", "SVG"],
    "SVG behind a comment": ["<!-- Created with Inkscape -->\n<svg/>", "SVG"],
    "SVG behind its document type": ["<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'><svg/>", "SVG"],
    "SVG in UTF-16": [utf16("\ufeff<svg/>"), "SVG"],
    "SVG packed by gzip": [gzipSync("<svg/>"), "gzip"],
    "an HTML page": ["\n\n<!doctype HTML><html>", "HTML page"],
    "a piece of HTML": ["<body>404 Not Found</body>", "HTML page"],
    "a pointer of Git LFS": ["version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"],
    "an error in JSON": ['{"error":"not found"}\n', "JSON"],
    "zeros, as a failed copy leaves": [new Uint8Array(5000), "nothing but zeros"],
    text: ["hello", "begins with 68 65 6c 6c 6f"],
  };
  for (const [name, [file, word]] of Object.entries(named)) {
    test(`is named: ${name}`, async () => {
      const said = await refusal(joined(file));
      expect(said).toMatch(/^image-unsupported: /);
      expect(said).toContain(word);
    });
  }

  test("is called incomplete, not unknown, if it ends within the first bytes of a picture", async () => {
    for (const name of ["rgb.jpg", "rgb.png", "rgb.webp", "rgb.gif", "rgb.bmp"]) {
      const bytes = fixture(name);
      for (let length = 1; length < 24; length++)
        expect([name, length, await refusal(bytes.subarray(0, length))]).toEqual([
          name,
          length,
          expect.stringMatching(/^image-truncated: /),
        ]);
    }
  });
});
