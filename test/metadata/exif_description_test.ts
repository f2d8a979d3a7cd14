import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concat } from "../../src/files/concat.ts";
import { latin1, viewOf } from "../../src/metadata/bytes.ts";
import { exifDescription, holdsOnlyDescription, setExifDescription } from "../../src/metadata/exif_description.ts";
import { anyText } from "./picture_bytes.ts";

/** EXIF of a camera: entries of text with their tags, in either byte order, and notes at an offset that others use. */
const cameras = fc.record({
  little: fc.boolean(),
  tags: fc.uniqueArray(fc.integer({ min: 1, max: 0xffff }), { maxLength: 6 }).map((tags) => tags.sort((a, b) => a - b)),
  notes: fc.uint8Array({ maxLength: 40 }),
});

function exifOf({ little, tags, notes }: { little: boolean; tags: readonly number[]; notes: Uint8Array }): Uint8Array {
  const bytes = new Uint8Array(8 + 2 + 12 * tags.length + 4);
  const view = viewOf(bytes);
  bytes.set(latin1(little ? "II" : "MM"));
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, tags.length, little);
  for (const [i, tag] of tags.entries()) {
    view.setUint16(10 + 12 * i, tag, little);
    view.setUint16(12 + 12 * i, 2, little);
    view.setUint32(14 + 12 * i, notes.length, little);
    view.setUint32(18 + 12 * i, bytes.length, little);
  }
  return concat([bytes, notes]);
}

/** The entries of the first directory, with the bytes that they lead to. */
function entriesOf(exif: Uint8Array): Map<number, string> {
  const view = viewOf(exif);
  const little = exif[0] === 0x49;
  const start = view.getUint32(4, little);
  const entries = Array.from({ length: view.getUint16(start, little) }, (_, i) => start + 2 + 12 * i);
  const tags = entries.map((entry) => view.getUint16(entry, little));
  expect(tags).toEqual([...tags].sort((a, b) => a - b));
  return new Map(
    entries.map((entry) => {
      const length = view.getUint32(entry + 4, little);
      const at = length <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
      return [view.getUint16(entry, little), String.fromCharCode(...exif.subarray(at, at + length))];
    }),
  );
}

const oneLine = anyText.map((text) => text.replaceAll("\0", " ")).filter((text) => text.trim() !== "");

describe("setExifDescription()", () => {
  test("sets it whatever was there before, repeatedly, and leaves everything else in its place", () => {
    fc.assert(
      fc.property(cameras, fc.array(oneLine, { minLength: 1, maxLength: 4 }), (camera, texts) => {
        const before = exifOf(camera);
        const others = new Map([...entriesOf(before)].filter(([tag]) => tag !== 0x010e));
        let exif = before;
        for (const text of texts) {
          exif = setExifDescription(exif, text);
          expect(exifDescription(exif)).toBe(text);
          const now = entriesOf(exif);
          now.delete(0x010e);
          expect(now).toEqual(others);
          if (!camera.tags.includes(0x010e)) expect(exif.subarray(8, before.length)).toEqual(before.subarray(8));
        }
        const length = exif.length;
        expect(exifDescription(setExifDescription(exif, "")) ?? "").toBe("");
        // A text that fits in its place costs nothing.
        expect(setExifDescription(exif, texts.at(-1)!).length).toBe(length);
      }),
    );
  });

  test("makes EXIF if the file has none", () => {
    for (const text of ["A dog", "abc", "a", "犬"]) {
      const exif = setExifDescription(undefined, text);
      expect(exifDescription(exif)).toBe(text);
      expect(holdsOnlyDescription(exif)).toBe(true);
    }
  });

  test("refuses what is not EXIF, and directories that lead outside", () => {
    const exif = exifOf({ little: true, tags: [0x010e], notes: latin1("a long enough text") });
    const outside = exif.slice();
    viewOf(outside).setUint32(18, 0xfffffff0, true);
    const far = exif.slice();
    viewOf(far).setUint32(4, 0xfffffff0, true);
    for (const bytes of [new Uint8Array(), latin1("II*\0"), latin1("XX*\0\0\0\0\0"), exif.slice(0, 20), outside, far])
      expect(() => setExifDescription(bytes, "A dog")).toThrow("EXIF cannot be changed");
  });
});
