import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { concat } from "../../src/files/concat.ts";
import { latin1 } from "../../src/metadata/bytes.ts";
import { exifDescription } from "../../src/metadata/exif_description.ts";
import { type MetadataForm, metadataForms } from "../../src/metadata/fields.ts";
import { iptcOf } from "../../src/metadata/image_resources.ts";
import { readIptc } from "../../src/metadata/iptc_iim.ts";
import { readJpeg } from "../../src/metadata/jpeg_segments.ts";
import { writeIntoPicture } from "../../src/metadata/picture_text.ts";
import { readPng } from "../../src/metadata/png_chunks.ts";
import { readWebp } from "../../src/metadata/webp_chunks.ts";
import { XmpPacket, xmpNames } from "../../src/metadata/xmp_packet.ts";
import { anyText, jpegOf, jpegParts, pngOf, pngParts, webpOf, webpParts } from "./picture_bytes.ts";

/**
 * Every format: files in it, how to read one, its forms, and whether two files only differ in their metadata.
 */
const formats = {
  JPEG: { files: jpegParts.map(jpegOf), read: readJpeg, forms: metadataForms },
  PNG: { files: pngParts.map(pngOf), read: readPng, forms: ["xmp", "exif"] },
  WebP: { files: webpParts.map(webpOf), read: readWebp, forms: ["xmp", "exif"] },
} as const;

const someForms = (forms: readonly MetadataForm[]) => fc.subarray([...forms], { minLength: 1 });
/** Keywords of up to 60 bytes: IPTC refuses those above 64, and a replaced character can take more. */
const words = fc.uniqueArray(
  anyText.filter((text) => new TextEncoder().encode(text).length <= 60),
  { maxLength: 4 },
);
/** The text as it is written: in one line. */
const line = (text: string) =>
  text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .trim();
const lines = (texts: readonly string[]) => [...new Set(texts.map(line).filter((text) => text !== ""))];

/** The text that an independent reader finds in a file. */
function found(format: keyof typeof formats, bytes: Uint8Array) {
  const { xmp, exif, resources } = formats[format].read(bytes);
  const packet = xmp && new XmpPacket(new TextDecoder("utf-8", { ignoreBOM: true }).decode(xmp));
  const iptc = resources && iptcOf(resources);
  return { packet, exif: exif && exifDescription(exif), iptc: iptc && readIptc(iptc) };
}

describe("writeIntoPicture()", () => {
  for (const format of ["JPEG", "PNG", "WebP"] as const) {
    const { files, read, forms } = formats[format];

    test(`writes what is read again, in any ${format}`, () => {
      fc.assert(
        fc.property(files, anyText, words, someForms(forms), (file, caption, keywords, chosen) => {
          const { bytes } = writeIntoPicture(file, { caption, keywords }, chosen);
          const { packet, exif, iptc } = found(format, bytes);
          const text = line(caption);
          if (chosen.includes("xmp")) {
            expect(packet!.get(xmpNames.description).texts).toEqual([text, text]);
            expect(packet!.get(xmpNames.altText).texts).toEqual([text, text]);
            expect(packet!.get(xmpNames.subject).texts).toEqual(lines(keywords));
          }
          if (chosen.includes("exif")) expect(exif).toBe(text);
          if (chosen.includes("iptc")) expect(iptc).toEqual({ caption: text, keywords: lines(keywords) });
          // A second time there is nothing to do, and without a caption all is as it was.
          expect(writeIntoPicture(bytes, { caption, keywords }, chosen).bytes).toBe(bytes);
          const emptied = writeIntoPicture(bytes, { keywords: [] }, chosen).bytes;
          expect(read(emptied)).toMatchObject({ xmp: undefined, exif: undefined, resources: undefined });
        }),
        { numRuns: 60 },
      );
    });

    test(`changes nothing else in any ${format}`, () => {
      fc.assert(
        fc.property(files, anyText, words, someForms(forms), (file, caption, keywords, chosen) => {
          // As read from a disk: a view of larger memory.
          const given = Buffer.from(file);
          const { bytes } = writeIntoPicture(given, { caption, keywords }, chosen);
          writeIntoPicture(Buffer.from(bytes), { caption: "a", keywords: [] }, chosen);
          expect(given.equals(file)).toBe(true);
          const bare = read(bytes).replace({
            xmp: read(bytes).xmp && null,
            exif: read(bytes).exif && null,
            resources: read(bytes).resources && null,
          } as Parameters<ReturnType<typeof read>["replace"]>[0]);
          // WebP keeps its new header before the picture; only the flags are reset.
          const added = bare.length - file.length;
          if (format === "WebP" && added === 18) {
            expect(new TextDecoder().decode(bare.subarray(12, 16))).toBe("VP8X");
            expect(bare.subarray(30)).toEqual(file.subarray(12));
          } else expect(bare).toEqual(file);
        }),
        { numRuns: 60 },
      );
    });

    test(`refuses a ${format} that ends early or is damaged, with a code`, () => {
      const damage = fc.oneof(
        fc.record({ cut: fc.double({ min: 0, max: 1, noNaN: true }) }),
        fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), by: fc.integer({ min: 1, max: 255 }) }),
      );
      const codes = new Set(["image-truncated", "image-corrupt", "image-unsupported", "data-invalid"]);
      fc.assert(
        fc.property(files, damage, (file, how) => {
          const whole = writeIntoPicture(file, { caption: "a cat", keywords: ["cat"] }, forms).bytes;
          const damaged = "cut" in how ? whole.slice(0, Math.floor(whole.length * how.cut)) : whole.slice();
          if ("at" in how) damaged[Math.floor(whole.length * how.at)]! ^= how.by;
          const before = damaged.slice();
          try {
            writeIntoPicture(damaged, { caption: "a dog", keywords: ["dog"] }, forms);
          } catch (error) {
            expect(error).toBeInstanceOf(EdgecapError);
            expect(codes).toContain((error as EdgecapError).code);
          }
          expect(damaged).toEqual(before);
        }),
        { numRuns: 200 },
      );
    });
  }

  test("never considers zero bytes a picture", () => {
    for (const bytes of [new Uint8Array(), latin1("GIF89a"), latin1("BM"), concat([latin1("RIFF1234AVI ")])])
      expect(() => writeIntoPicture(bytes, { caption: "a cat", keywords: [] }, ["xmp"])).toThrow(
        "not a JPEG, PNG or WebP",
      );
  });
});
