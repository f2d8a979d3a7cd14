import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { EdgecapError, type ErrorCode } from "../../src/errors.ts";
import { decodeImage } from "../../src/image/decode.ts";

const folder = fileURLToPath(new URL("../fixtures/images/", import.meta.url));
const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const pictures = readdirSync(folder)
  .filter((name) => name.endsWith(".rgb"))
  .map((name) => name.slice(0, -4));
const size = 32;

async function codeOf(bytes: Uint8Array, maxPixels?: number): Promise<ErrorCode | "no error"> {
  try {
    await decodeImage(bytes, { size, ...(maxPixels !== undefined && { maxPixels }) });
    return "no error";
  } catch (error) {
    if (error instanceof EdgecapError) return error.code;
    throw error;
  }
}

function differences(got: Uint8Array, want: Uint8Array): { mean: number; largest: number } {
  expect(got.length).toBe(want.length);
  const each = [...got].map((value, i) => Math.abs(value - want[i]!));
  return { mean: each.reduce((sum, value) => sum + value, 0) / each.length, largest: Math.max(...each) };
}

describe("decodeImage()", () => {
  test("has pictures in every format to compare", () => {
    expect(pictures.length).toBeGreaterThanOrEqual(27);
  });

  for (const name of pictures) {
    // Lossy decoders may round differently, and chroma is interpolated in more than one way.
    const lossy = /\.jpg$|lossy/.test(name);
    test(`reads ${name} as Pillow does`, async () => {
      const { rgb, format } = await decodeImage(readFileSync(folder + name), { size });
      const { mean, largest } = differences(rgb, readFileSync(`${folder}${name}.rgb`));
      expect(format).toBe(name.endsWith(".jpg") ? "jpeg" : name.slice(name.lastIndexOf(".") + 1));
      expect(mean).toBeLessThan(lossy ? 1.5 : 0.6);
      expect(largest).toBeLessThanOrEqual(lossy ? 24 : 2);
    });
  }

  test("gives the size of the file's picture, and its unchanged pixels if the size fits", async () => {
    const { width, height } = await decodeImage(readFileSync(`${folder}rgb.png`), { size });
    expect([width, height]).toEqual([60, 44]);
  });

  test("refuses what is not a picture, each with its own code", async () => {
    const text = new TextEncoder();
    expect(await codeOf(new Uint8Array(0))).toBe("image-empty");
    for (const other of [
      "hello",
      "%PDF-1.7 etc.",
      "<svg xmlns='http://www.w3.org/2000/svg'/>",
      "\0\0\0\0",
      "PK\x03\x04",
    ]) {
      expect(await codeOf(text.encode(other))).toBe("image-unsupported");
    }
  });

  test("refuses a picture with more pixels than the limit, from its header alone", async () => {
    expect(await codeOf(readFileSync(`${folder}rgb.png`), 60 * 44)).toBe("no error");
    expect(await codeOf(readFileSync(`${folder}rgb.png`), 60 * 44 - 1)).toBe("image-too-large");
    // 60,000 x 60,000 by its header, and no data: a decoder that read further would call it truncated.
    const bomb = Uint8Array.from(readFileSync(`${folder}rgb.bmp`));
    new DataView(bomb.buffer).setUint32(18, 60_000, true);
    new DataView(bomb.buffer).setUint32(22, 60_000, true);
    expect(await codeOf(bomb)).toBe("image-too-large");
  });

  test("refuses every cut of a photo, except one through its end marker", async () => {
    const photo = readFileSync(`${examples}coffee.jpg`);
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 1 - 3 / photo.length]) {
      expect(await codeOf(photo.subarray(0, Math.floor(photo.length * share)))).toBe("image-truncated");
    }
    for (const missing of [1, 2]) expect(await codeOf(photo.subarray(0, photo.length - missing))).toBe("no error");
  });

  test("refuses every cut that removes pixels, in every form, and reads files that only lack the end marker", async () => {
    // Bytes of the end marker: a GIF's with the end of the block before it.
    const spare: Readonly<Record<string, number>> = { jpg: 2, png: 12, gif: 2, webp: 0, bmp: 0 };
    for (const name of pictures) {
      const bytes = readFileSync(folder + name);
      const whole = await decodeImage(bytes, { size }).catch(() => undefined);
      if (whole === undefined) continue;
      const marker = spare[name.slice(name.lastIndexOf(".") + 1)]!;
      const cuts = [...Array(30).keys()]
        .map((i) => bytes.length - 1 - i)
        .concat(Array.from({ length: 20 }, (_, i) => Math.floor((bytes.length * i) / 20)));
      for (const length of cuts) {
        const code = await codeOf(bytes.subarray(0, length));
        if (bytes.length - length <= marker) {
          expect([name, length, code]).toEqual([name, length, "no error"]);
          expect((await decodeImage(bytes.subarray(0, length), { size })).rgb).toEqual(whole.rgb);
        } else expect([name, length, code !== "no error"]).toEqual([name, length, true]);
      }
    }
  });

  test("counts the blocks of a JPEG: one with an end marker and half its data is cut short", async () => {
    const photo = readFileSync(`${examples}coffee.jpg`);
    const end = Uint8Array.of(0xff, 0xd9);
    for (const share of [0.3, 0.6, 0.9, 0.99]) {
      const half = photo.subarray(0, Math.floor(photo.length * share));
      expect(await codeOf(new Uint8Array([...half, ...end]))).toBe("image-truncated");
    }
  });

  test("reads a JPEG with something after it, with or without its end marker", async () => {
    const photo = readFileSync(`${examples}coffee.jpg`);
    const { rgb } = await decodeImage(photo, { size });
    for (const trailer of ["SEFT\0\0", "\xff\xd8\xff\xe0\0\x10JFIF\0", "\0".repeat(500)]) {
      const behind = Uint8Array.from(trailer, (letter) => letter.charCodeAt(0));
      for (const length of [photo.length, photo.length - 2]) {
        const bytes = new Uint8Array([...photo.subarray(0, length), ...behind]);
        expect((await decodeImage(bytes, { size })).rgb).toEqual(rgb);
      }
    }
  });

  test("gives pixels or a typed error for any damage, and works afterwards", async () => {
    const files = pictures.map((name) => Uint8Array.from(readFileSync(folder + name)));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(files.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        async (which, damage) => {
          const bytes = files[which]!.slice();
          for (const [place, value] of damage) bytes[place % bytes.length] = value;
          const code = await codeOf(bytes);
          expect(code === "no error" || code.startsWith("image-")).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
    expect(await codeOf(files[0]!)).toBe("no error");
  });

  test("gives pixels or a typed error for any bytes", async () => {
    const heads = ["\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "GIF89a", "BM", "RIFF\0\0\0\0WEBP"].map((head) =>
      Uint8Array.from(head, (letter) => letter.charCodeAt(0)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(new Uint8Array(0), ...heads),
        fc.uint8Array({ maxLength: 300 }),
        async (head, tail) => {
          const code = await codeOf(Uint8Array.of(...head, ...tail));
          expect(code.startsWith("image-")).toBe(true);
        },
      ),
    );
  });
});
