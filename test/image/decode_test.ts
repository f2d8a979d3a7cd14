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
  test("there are pictures of every form to compare", () => {
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

  test("tells the size of the file's picture, and gives its pixels as they are where the size fits", async () => {
    const { width, height } = await decodeImage(readFileSync(`${folder}rgb.png`), { size });
    expect([width, height]).toEqual([60, 44]);
  });

  test("refuses what is no picture, each by its own code", async () => {
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
    // 60,000 x 60,000 by its header, and no data: a decoder that looked further would call it truncated.
    const bomb = Uint8Array.from(readFileSync(`${folder}rgb.bmp`));
    new DataView(bomb.buffer).setUint32(18, 60_000, true);
    new DataView(bomb.buffer).setUint32(22, 60_000, true);
    expect(await codeOf(bomb)).toBe("image-too-large");
  });

  test("refuses every cut of a photo", async () => {
    const photo = readFileSync(`${examples}coffee.jpg`);
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 1 - 1 / photo.length]) {
      expect(await codeOf(photo.subarray(0, Math.floor(photo.length * share)))).toBe("image-truncated");
    }
  });

  test("gives pixels or a typed error for any damage, and goes on afterwards", async () => {
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
