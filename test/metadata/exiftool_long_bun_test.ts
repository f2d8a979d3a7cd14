/** Checks files that edgecap wrote into with exiftool, which reads metadata independently. */
import { describe, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeImage } from "../../src/image/decode.ts";
import type { MetadataForm } from "../../src/metadata/fields.ts";
import { writeIntoPicture, writeIntoSidecar } from "../../src/metadata/picture_text.ts";
import { describeUnless } from "../skip.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const noExiftool = spawnSync("exiftool", ["-ver"]).status === 0 ? undefined : "no exiftool (libimage-exiftool-perl)";
const text = { caption: 'Kätzchen & "Hunde" <b> 犬 🐈', keywords: ["Kätzchen", "犬", "R&B"] };

function inFolder(work: (file: (name: string, bytes: Uint8Array) => string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "edgecap-exiftool-"));
  try {
    work((name, bytes) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tagsOf(path: string): Record<string, unknown> {
  const args = ["-j", "-G1", "-struct", "-charset", "utf8", "-charset", "exif=utf8", "-charset", "iptc=utf8", path];
  return (JSON.parse(execFileSync("exiftool", args, { encoding: "utf8" })) as Record<string, unknown>[])[0]!;
}

/** Tags without those of the file itself and of what edgecap writes. */
function others(tags: Record<string, unknown>): Record<string, unknown> {
  const own =
    /^(?:SourceFile|ExifTool|System|File|XMP-dc:(?:Description|Subject)|XMP-iptcCore|XMP-edgecap|IFD0:ImageDescription|RIFF:WebP|Photoshop:IPTCDigest)|^IPTC:(?:Caption|Keywords|CodedC|ApplicationR)|^(?:XMP-x:XMPToolkit|IFD0:(?:[XY]Resolution|ResolutionUnit|YCbCr))/;
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !own.test(name)));
}

const pictures = [
  { name: "chelsea.jpg", path: join(root, "examples/chelsea.jpg"), forms: ["xmp", "exif", "iptc"] },
  { name: "alpha.png", path: join(root, "test/fixtures/images/alpha.png"), forms: ["xmp", "exif"] },
  { name: "alpha.webp", path: join(root, "test/fixtures/images/alpha.webp"), forms: ["xmp", "exif"] },
  { name: "first-frame.webp", path: join(root, "test/fixtures/images/first-frame.webp"), forms: ["xmp", "exif"] },
] as const satisfies readonly { name: string; path: string; forms: readonly MetadataForm[] }[];

describeUnless(noExiftool, "exiftool reads what was written", () => {
  for (const { name, path, forms } of pictures) {
    test(`into ${name}, and finds it valid and its pixels the same`, async () => {
      const before = readFileSync(path);
      const { bytes } = writeIntoPicture(before, text, forms);
      inFolder((file) => {
        const tags = tagsOf(file(name, bytes));
        expect(tags).toMatchObject({
          "XMP-dc:Description": text.caption,
          "XMP-dc:Description-en": text.caption,
          "XMP-dc:Subject": text.keywords,
          "XMP-iptcCore:AltTextAccessibility": text.caption,
          "XMP-iptcCore:AltTextAccessibility-en": text.caption,
          "IFD0:ImageDescription": text.caption,
          ...((forms as readonly string[]).includes("iptc") && {
            "IPTC:Caption-Abstract": text.caption,
            "IPTC:Keywords": text.keywords,
            "IPTC:CodedCharacterSet": "UTF8",
          }),
        });
        const said = execFileSync("exiftool", ["-validate", "-warning", "-error", "-a", file(name, bytes)], {
          encoding: "utf8",
        });
        // EXIF in JPEG should contain a resolution, but nobody knows it.
        expect(
          said.split("\n").filter((line) => /^(?:Warning|Error)/.test(line) && !/Missing required/.test(line)),
        ).toEqual([]);
      });
      const pixels = async (file: Uint8Array) => (await decodeImage(file, { size: { atMost: 512 } })).rgb;
      expect(await pixels(bytes)).toEqual(await pixels(before));
    });

    test(`into ${name} after exiftool, and back, and keeps all that exiftool wrote`, () => {
      inFolder((file) => {
        const path1 = file(name, readFileSync(path));
        const theirs = [
          "-xmp:title=Mine & <yours>",
          "-xmp:rating=4",
          "-xmp:creator=Jürgen",
          "-exif:artist=Juergen",
          "-exif:model=Camera",
          "-exif:usercomment=Note",
          ...(name.endsWith("jpg") ? ["-iptc:city=Köln", "-iptc:codedcharacterset=utf8", "-comment=hello"] : []),
        ];
        execFileSync("exiftool", ["-q", "-overwrite_original", "-charset", "iptc=utf8", ...theirs, path1]);
        const kept = others(tagsOf(path1));
        expect(Object.keys(kept).length).toBeGreaterThan(5);
        const { bytes } = writeIntoPicture(readFileSync(path1), text, forms);
        const path2 = file(`2${name}`, bytes);
        const tags = tagsOf(path2);
        expect(others(tags)).toEqual(kept);
        expect(tags).toMatchObject({ "XMP-dc:Description": text.caption, "IFD0:ImageDescription": text.caption });
        // exiftool replaces the text, and edgecap leaves that text.
        execFileSync("exiftool", ["-q", "-overwrite_original", "-xmp:description=Our Tom", path2]);
        const again = writeIntoPicture(readFileSync(path2), { caption: "A dog", keywords: [] }, forms);
        expect(again.reports.find(({ field }) => field === "dc:description")).toMatchObject({ outcome: "kept" });
        expect(others(tagsOf(file(`3${name}`, again.bytes)))).toEqual(kept);
      });
    });
  }

  test("into a sidecar, next to what exiftool wrote there", () => {
    inFolder((file) => {
      const picture = readFileSync(pictures[0].path);
      const mine = file("a.jpg.xmp", new TextEncoder().encode(writeIntoSidecar(undefined, picture, text).text));
      expect(tagsOf(mine)).toMatchObject({ "XMP-dc:Description": text.caption, "XMP-dc:Subject": text.keywords });
      execFileSync("exiftool", ["-q", "-overwrite_original", "-xmp:rating=4", mine]);
      const { text: merged } = writeIntoSidecar(readFileSync(mine, "utf8"), picture, {
        caption: "A dog",
        keywords: [],
      });
      const tags = tagsOf(file("b.jpg.xmp", new TextEncoder().encode(merged)));
      expect(tags).toMatchObject({ "XMP-dc:Description": "A dog", "XMP-xmp:Rating": 4 });
      expect("XMP-dc:Subject" in tags).toBe(false);
    });
  });
});

describe("the pictures of this test", () => {
  test("exist", () => {
    for (const { path } of pictures) expect(readFileSync(path).length).toBeGreaterThan(1000);
  });
});
