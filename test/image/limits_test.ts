import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { EdgecapError } from "../../src/errors.ts";
import { decodeImage, probeImage } from "../../src/image/decode.ts";
import { dropImageModule } from "../../src/image/image_crate.ts";
import { imageModule } from "../../src/image/image_module.ts";
import { noShared, sharedFolder } from "../shared.ts";
import { testUnless } from "../skip.ts";
import { bigEndian, flatJpeg, flatPng, joined, jpegSegment, pngChunk } from "./made_pictures.ts";

const mebibyte = 2 ** 20;
const size = 224;
const folder = fileURLToPath(new URL("../fixtures/images/", import.meta.url));
const shared = sharedFolder();

/** The result of a decode in a new instance: the code of its error, and the memory of the instance, in bytes. */
async function outcome(
  bytes: Uint8Array,
  maxPixels = 10 ** 9,
): Promise<{ code: string; message: string; memory: number }> {
  dropImageModule();
  const { memory } = await imageModule();
  let [code, message] = ["no error", ""];
  try {
    await decodeImage(bytes, { size, maxPixels });
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    ({ code, message } = error);
  }
  return { code, message, memory: memory.buffer.byteLength };
}

const zeros = (bytes: number) => deflateSync(new Uint8Array(bytes), { level: 1 });

describe("the decoder's memory", () => {
  const packed = zeros(64 * mebibyte);
  const bombs: Readonly<Record<string, Uint8Array>> = {
    "a packed profile in PNG": flatPng(8, 8, { before: [pngChunk("iCCP", joined("p\0\0", packed))] }),
    "a packed text in PNG": flatPng(8, 8, { before: [pngChunk("zTXt", joined("Comment\0\0", packed))] }),
    "many packed texts in PNG": flatPng(8, 8, {
      before: Array.from({ length: 30 }, () => pngChunk("zTXt", joined("Raw profile type exif\0\0", packed))),
    }),
    "a packed international text in PNG": flatPng(8, 8, {
      before: [pngChunk("iTXt", joined("XML:com.adobe.xmp\0\x01\0\0\0", packed))],
    }),
    "a plain text in PNG": flatPng(8, 8, {
      before: [pngChunk("tEXt", joined("Comment\0", new Uint8Array(8 * mebibyte)))],
    }),
    "profiles in JPEG": flatJpeg(64, 64, {
      before: Array.from({ length: 120 }, (_, i) =>
        jpegSegment(0xe2, joined("ICC_PROFILE\0", Uint8Array.of(i + 1, 120), new Uint8Array(65_000))),
      ),
    }),
    "notes in JPEG": flatJpeg(64, 64, {
      before: Array.from({ length: 120 }, () => jpegSegment(0xe1, joined("Exif\0\0", new Uint8Array(65_000)))),
    }),
    "comments in JPEG": flatJpeg(64, 64, {
      before: Array.from({ length: 120 }, () => jpegSegment(0xfe, new Uint8Array(65_000))),
    }),
    "comments in GIF": joined(
      readFileSync(`${folder}rgb.gif`).subarray(0, 13 + 3 * 64),
      Uint8Array.of(0x21, 0xfe),
      new Uint8Array(8 * mebibyte).map((_, i) => (i % 256 === 0 ? 255 : 1)),
      Uint8Array.of(0),
      readFileSync(`${folder}rgb.gif`).subarray(13 + 3 * 64),
    ),
  };

  for (const [name, bytes] of Object.entries(bombs)) {
    test(`is not taken by ${name}`, async () => {
      const { code, memory } = await outcome(bytes);
      expect(code).toBe("no error");
      expect(memory).toBeLessThan(4 * bytes.length + 24 * mebibyte);
    });
  }

  test("is small for a header, whatever the file holds", async () => {
    for (const bytes of Object.values(bombs)) {
      dropImageModule();
      const { memory } = await imageModule();
      await probeImage(bytes);
      expect(memory.buffer.byteLength).toBeLessThan(bytes.length + 8 * mebibyte);
    }
  });

  test("stays below 600 MiB for photos of 50 megapixels in every form, which are read", async () => {
    const photos: Readonly<Record<string, Uint8Array>> = {
      jpeg: flatJpeg(8160, 6144),
      "progressive jpeg": flatJpeg(8160, 6144, { progressive: true }),
      "progressive jpeg with whole chroma": flatJpeg(8160, 6144, { progressive: true, halved: false }),
      png: flatPng(8160, 6144),
      "png of 16 bits with alpha": flatPng(8160, 6144, { colour: 6, bits: 16 }),
      "interlaced png": flatPng(8160, 6144, { interlaced: true }),
    };
    for (const [name, bytes] of Object.entries(photos)) {
      const { code, memory } = await outcome(bytes);
      expect([name, code]).toEqual([name, "no error"]);
      expect(memory).toBeLessThan((name.includes("progressive") ? 600 : 160) * mebibyte);
    }
  }, 600_000);

  test("never uses more than 600 MiB, for any picture", async () => {
    const { memory } = await imageModule();
    expect(() => memory.grow((600 * mebibyte - memory.buffer.byteLength) / 65_536 + 1)).toThrow();
  });
});

describe("decodeImage() within its limits", () => {
  test("reads a photo of 108 megapixels, and names the option for larger ones", async () => {
    expect((await outcome(flatJpeg(12_000, 9000), 128_000_000)).code).toBe("no error");
    const { code, message } = await outcome(flatJpeg(12_000, 9000), 100_000_000);
    expect(code).toBe("image-too-large");
    expect(message).toContain("12000 x 9000 pixels");
    expect(message).toContain("maxPixels");
  });

  test("refuses an impossible side length, from the header alone", async () => {
    for (const [width, height] of [
      [1, 50_000_000],
      [50_000_000, 1],
      [65_536, 1],
      [1, 65_536],
    ] as const) {
      const header = joined(
        "\x89PNG\r\n\x1a\n",
        pngChunk("IHDR", joined(bigEndian(width, 4), bigEndian(height, 4), Uint8Array.of(8, 6, 0, 0, 0))),
      );
      const { code, message, memory } = await outcome(header);
      expect(code).toBe("image-too-large");
      expect(message).toContain(`${width} x ${height}`);
      expect(memory).toBeLessThan(8 * mebibyte);
    }
    expect((await outcome(flatPng(65_535, 3))).code).toBe("no error");
    expect((await outcome(flatPng(3, 65_535, { interlaced: true }))).code).toBe("no error");
  });

  test("refuses from the header what would take too much memory, and says how much", async () => {
    // A side of 16383, twice.
    const webp = Uint8Array.from(readFileSync(`${folder}rgb.webp`));
    expect(new TextDecoder().decode(webp.subarray(12, 16))).toBe("VP8L");
    webp.set([0xfe, 0xbf, 0xff, 0x0f], 21);
    const { code, message, memory } = await outcome(webp);
    expect(code).toBe("image-too-large");
    expect(message).toMatch(/takes too much memory \(16383 x 16383 pixels .* \d+ MiB/);
    expect(memory).toBeLessThan(8 * mebibyte);
  });

  test("works after a trap: the next picture is decoded correctly", async () => {
    const good = readFileSync(`${folder}rgb.png`);
    const before = await decodeImage(good, { size });
    for (let i = 0; i < 5; i++) {
      const impossible = Object.defineProperty(new Uint8Array(8), "length", { value: 2 ** 31 });
      await expect(decodeImage(impossible, { size })).rejects.toThrow(EdgecapError);
      expect(await decodeImage(good, { size })).toEqual(before);
    }
  });

  const outside: Readonly<Record<string, readonly [string | Uint8Array, string]>> = {
    HEIC: [joined(bigEndian(24, 4), "ftypheic\0\0\0\0mif1heic"), "HEIC"],
    "HEIF by its second brand": [joined(bigEndian(24, 4), "ftypmif1\0\0\0\0mif1heic"), "HEIC"],
    AVIF: [joined(bigEndian(28, 4), "ftypavif\0\0\0\0avifmif1miaf"), "AVIF"],
    "TIFF, little-endian": ["II*\0\x08\0\0\0", "TIFF"],
    "TIFF, big-endian": ["MM\0*\0\0\0\x08", "TIFF"],
    "JPEG XL": ["\xff\x0a\0\0", "JPEG XL"],
    PDF: ["%PDF-1.7", "PDF"],
    SVG: ["<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"],
  };
  for (const [name, [file, word]] of Object.entries(outside)) {
    test(`names ${name}, and says what to do`, async () => {
      const { code, message } = await outcome(joined(file));
      expect(code).toBe("image-unsupported");
      expect(message).toContain(word);
      expect(message).toContain("convert it to JPEG");
    });
  }

  testUnless(noShared, "is kept for inputs that others found", async () => {
    const bomb = await outcome(readFileSync(`${shared}/cases/png-iccp-bomb-256m.png`));
    expect(bomb.code).toBe("no error");
    expect(bomb.memory).toBeLessThan(24 * mebibyte);
    const long = await outcome(readFileSync(`${shared}/cases/png-50mx1.png`));
    expect(long.code).toBe("image-too-large");
    expect(long.memory).toBeLessThan(24 * mebibyte);
  });
});
