import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { decodeImage } from "../../src/image/decode.ts";
import type { DecodedImage } from "../../src/image/decode_by.ts";
import { processorTime } from "../processor_time.ts";

const folder = fileURLToPath(new URL("../fixtures/images/", import.meta.url));
const pictures = readdirSync(folder).filter((name) => /\.(jpg|png|webp|gif|bmp)$/.test(name));

interface Case {
  readonly name: string;
  /** The picture, in base64. */
  readonly file: string;
  /** Colours of the upper two corners as Pillow shows them; null if it fails on the orientation. */
  readonly corners: readonly [string, string] | null;
}

const cases: readonly Case[] = JSON.parse(readFileSync(`${folder}orientations.json`, "utf8"));
const stored: Case["corners"] = ["red", "green"];

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Colours of the upper two corners. */
function cornersOf({ rgb, size }: DecodedImage): [string, string] {
  const colour = (x: number) => {
    const [red, green, blue] = [0, 1, 2].map((channel) => rgb[(2 * size.width + x) * 3 + channel]! > 127);
    if (red) return green ? "white" : "red";
    return green ? "green" : blue ? "blue" : "black";
  };
  return [colour(2), colour(size.width - 3)];
}

describe("the orientation", () => {
  test("has cases of every container and of each way to write it", () => {
    expect(cases.length).toBeGreaterThan(200);
    for (const format of ["jpeg", "png", "webp"])
      for (const [left, right] of [
        ["blue", "red"],
        ["white", "blue"],
        ["green", "red"],
        ["red", "blue"],
      ] as const)
        expect(
          cases.some(({ name, corners }) => name.startsWith(format) && corners?.[0] === left && corners[1] === right),
        ).toBe(true);
  });

  test("is read as Pillow reads it, from every kind of metadata", async () => {
    const wrong: string[] = [];
    for (const { name, file, corners } of cases) {
      const shown = cornersOf(await decodeImage(bytesOf(file), { size: { atMost: 100 } }));
      if (shown.join() !== (corners ?? stored).join()) wrong.push(`${name}: ${shown}, not ${corners ?? stored}`);
    }
    expect(wrong).toEqual([]);
  });

  test("may or may not be found in damaged metadata, which never keeps the pixels from being read", async () => {
    const notes = cases.filter(({ name }) => name.startsWith("png-little") || name.startsWith("png-big"));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...notes),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async ({ file }, changes) => {
          const bytes = bytesOf(file);
          // The bytes of the metadata: after the header and the chunk's length and name.
          const length = new DataView(bytes.buffer).getUint32(33);
          for (const [place, value] of changes) if (place < length) bytes[41 + place] = value;
          const { size } = await decodeImage(bytes, { size: { atMost: 100 } });
          expect([size.width, size.height].sort()).toEqual([16, 32]);
        },
      ),
    );
  });

  test("is not searched in metadata that unpacks to more than its limit", async () => {
    const plain = cases.find(({ name }) => name === "png-nothing")!;
    const bytes = bytesOf(plain.file);
    const text = new TextEncoder().encode(`${" ".repeat(20_000_000)} tiff:Orientation="6"`);
    const packed = await new Response(
      new Blob([text]).stream().pipeThrough(new CompressionStream("deflate")),
    ).arrayBuffer();
    const head = new TextEncoder().encode("iTXtXML:com.adobe.xmp\0\x01\0\0\0");
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, head.length - 4 + packed.byteLength);
    const bomb = new Uint8Array([
      ...bytes.subarray(0, 33),
      ...length,
      ...head,
      ...new Uint8Array(packed),
      0,
      0,
      0,
      0,
      ...bytes.subarray(33),
    ]);
    const took = processorTime();
    expect(cornersOf(await decodeImage(bomb, { size: { atMost: 100 } }))).toEqual(["red", "green"]);
    expect(took()).toBeLessThan(2000);
  });
});

describe("decodeImage() with a limit for the longer side", () => {
  test("keeps the proportions of the picture as it is shown", async () => {
    for (const name of pictures) {
      const bytes = readFileSync(folder + name);
      const decoded = await decodeImage(bytes, { size: { atMost: 22 } }).catch((error: unknown) => error);
      // Another test has the pictures of kinds that are refused.
      if (decoded instanceof EdgecapError && decoded.code === "image-unsupported") continue;
      const { size, rgb, width, height } = decoded as DecodedImage;
      expect(rgb.length).toBe(size.width * size.height * 3);
      expect(Math.max(size.width, size.height)).toBe(Math.min(22, Math.max(width, height)));
      const shown = /orientation-[5-8]\./.test(name) ? height / width : width / height;
      expect(Math.abs(size.width / size.height - shown)).toBeLessThan(0.1);
    }
  });

  test("leaves a smaller picture as it is", async () => {
    const { size } = await decodeImage(readFileSync(`${folder}orientation-6.jpg`), { size: { atMost: 5000 } });
    const { size: plain } = await decodeImage(readFileSync(`${folder}rgb.jpg`), { size: { atMost: 5000 } });
    expect(size).toEqual({ width: plain.height, height: plain.width });
  });
});
