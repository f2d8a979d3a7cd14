import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { decodeImage } from "../../src/image/decode.ts";
import { isQuarterTurned } from "../../src/image/exif.ts";

const folder = fileURLToPath(new URL("../fixtures/images/", import.meta.url));
const pictures = readdirSync(folder).filter((name) => /\.(jpg|png|webp|gif|bmp)$/.test(name));

describe("isQuarterTurned()", () => {
  test("is so for the orientations 5 to 8 alone", () => {
    const turned = pictures.filter((name) => isQuarterTurned(readFileSync(folder + name)));
    expect(turned.length).toBe(6);
    expect(turned.filter((name) => !/orientation-[5-8]\./.test(name))).toEqual([]);
  });

  test("says something of any bytes, also where a file is cut off or changed", () => {
    const whole = pictures.filter((name) => name.startsWith("orientation-")).map((name) => readFileSync(folder + name));
    fc.assert(
      fc.property(
        fc.constantFrom(...whole),
        fc.integer({ min: 0, max: 4000 }),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
        (bytes, length, changes) => {
          const broken = Uint8Array.from(bytes.subarray(0, length));
          for (const [place, value] of changes) if (place < broken.length) broken[place] = value;
          expect(typeof isQuarterTurned(broken)).toBe("boolean");
        },
      ),
    );
  });
});

describe("decodeImage() with a bound of the longer side", () => {
  test("keeps the proportions of the picture as it is shown", async () => {
    for (const name of pictures) {
      const bytes = readFileSync(folder + name);
      const { size, rgb, width, height } = await decodeImage(bytes, { size: { atMost: 22 } });
      expect(rgb.length).toBe(size.width * size.height * 3);
      expect(Math.max(size.width, size.height)).toBe(22);
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
