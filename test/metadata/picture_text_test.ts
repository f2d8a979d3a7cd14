import { describe, expect, test } from "bun:test";
import { concat } from "../../src/files/concat.ts";
import { latin1, uint32, utf8, viewOf } from "../../src/metadata/bytes.ts";
import type { MetadataForm, PictureText } from "../../src/metadata/fields.ts";
import { readJpeg } from "../../src/metadata/jpeg_segments.ts";
import { isOwnSidecar, writeIntoPicture, writeIntoSidecar } from "../../src/metadata/picture_text.ts";
import { XmpPacket, xmpNames } from "../../src/metadata/xmp_packet.ts";
import { jpegOf, jpegSegment, pngOf, webpOf } from "./picture_bytes.ts";

const rest = concat([jpegSegment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)), Uint8Array.of(1, 2, 3, 0xff, 0xd9)]);
const jpeg = jpegOf({ segments: [], rest });
const cat: PictureText = { caption: "A cat", keywords: ["cat"] };
const dog: PictureText = { caption: "A dog", keywords: ["dog", "grass"] };
const all: MetadataForm[] = ["xmp", "exif", "iptc"];

const outcomes = ({ reports }: ReturnType<typeof writeIntoPicture>) =>
  Object.fromEntries(reports.map(({ field, outcome }) => [field.replace(/^.*:/, ""), outcome]));

/** A JPEG in which a person wrote a description and a keyword. */
function personal(): Uint8Array {
  const packet = new XmpPacket(undefined);
  packet.set(xmpNames.description, ["Our Tom"]);
  packet.set(xmpNames.subject, ["Tom"]);
  return readJpeg(jpeg).replace({ xmp: utf8(packet.text) });
}

describe("writeIntoPicture()", () => {
  test("updates what it wrote, in every form", () => {
    const first = writeIntoPicture(jpeg, cat, all);
    expect(new Set(Object.values(outcomes(first)))).toEqual(new Set(["written"]));
    const second = writeIntoPicture(first.bytes, dog, all);
    expect(new Set(Object.values(outcomes(second)))).toEqual(new Set(["written"]));
    expect(second.bytes.length).toBe(writeIntoPicture(jpeg, dog, all).bytes.length);
    expect(outcomes(writeIntoPicture(second.bytes, dog, all))["description"]).toBe("same");
  });

  test("keeps what a person wrote, even in another form", () => {
    const left = writeIntoPicture(personal(), cat, all);
    expect(outcomes(left)).toEqual({
      description: "kept",
      AltTextAccessibility: "written",
      subject: "kept",
      ImageDescription: "kept",
      "Caption-Abstract": "kept",
      Keywords: "kept",
    });
    expect(left.reports.find(({ field }) => field === "Keywords")!.value).toBe("dc:subject: Tom");
    expect(readJpeg(left.bytes)).toMatchObject({ exif: undefined, resources: undefined });
  });

  test("reports text once that XMP has in several languages", () => {
    const unmarked = writeIntoPicture(jpeg, cat, ["xmp"], { mark: false });
    const kept = writeIntoPicture(unmarked.bytes, dog, ["xmp"]).reports;
    expect(kept.find(({ field }) => field === "dc:description")).toMatchObject({ outcome: "kept", value: cat.caption });
    const marked = writeIntoPicture(jpeg, cat, ["xmp"]);
    const removed = writeIntoPicture(marked.bytes, { keywords: [] }, ["xmp"]).reports;
    expect(removed.find(({ field }) => field === "dc:description")).toMatchObject({ value: cat.caption });
  });

  test("keeps its text if a person changed it, and updates the rest", () => {
    const { bytes } = writeIntoPicture(jpeg, cat, ["xmp"]);
    const packet = new XmpPacket(new TextDecoder("utf-8", { ignoreBOM: true }).decode(readJpeg(bytes).xmp));
    packet.set(xmpNames.subject, ["cat", "Tom"]);
    const changed = readJpeg(bytes).replace({ xmp: utf8(packet.text) });
    expect(outcomes(writeIntoPicture(changed, dog, ["xmp"]))).toEqual({
      description: "written",
      AltTextAccessibility: "written",
      subject: "kept",
    });
  });

  test("with force, replaces texts and adds to keywords, and recognises what it added", () => {
    const forced = writeIntoPicture(personal(), cat, ["xmp"], { force: true });
    const keywords = (bytes: Uint8Array) =>
      new XmpPacket(new TextDecoder().decode(readJpeg(bytes).xmp)).get(xmpNames.subject).texts;
    expect(keywords(forced.bytes)).toEqual(["Tom", "cat"]);
    expect(keywords(writeIntoPicture(forced.bytes, dog, ["xmp"], { force: true }).bytes)).toEqual([
      "Tom",
      "dog",
      "grass",
    ]);
    expect(outcomes(writeIntoPicture(forced.bytes, dog, ["xmp"]))).toMatchObject({
      description: "written",
      subject: "kept",
    });
    // Without a caption that is sure enough, no text of a person is removed.
    expect(outcomes(writeIntoPicture(personal(), { keywords: [] }, ["xmp"], { force: true }))).toMatchObject({
      description: "kept",
      subject: "kept",
    });
  });

  test("removes what it wrote if it is no longer sure", () => {
    const { bytes } = writeIntoPicture(jpeg, cat, all);
    const unsure = writeIntoPicture(bytes, { keywords: ["cat"] }, all);
    expect(outcomes(unsure)).toEqual({
      description: "removed",
      AltTextAccessibility: "removed",
      subject: "same",
      ImageDescription: "removed",
      "Caption-Abstract": "removed",
      Keywords: "same",
    });
    expect(writeIntoPicture(unsure.bytes, { keywords: [] }, all).bytes).toEqual(jpeg);
  });

  test("leaves out its record if requested, and then does not recognise its text", () => {
    const unmarked = writeIntoPicture(jpeg, cat, all, { mark: false });
    expect(new TextDecoder().decode(unmarked.bytes)).not.toContain("wrote>");
    expect(outcomes(writeIntoPicture(unmarked.bytes, dog, ["xmp"]))["description"]).toBe("kept");
    expect(readJpeg(writeIntoPicture(jpeg, cat, ["exif"], { mark: false }).bytes).xmp).toBeUndefined();
  });

  test("treats what cameras write instead of a description as missing", () => {
    const camera = writeIntoPicture(jpeg, { caption: "OLYMPUS DIGITAL CAMERA", keywords: [] }, ["exif"], {
      mark: false,
    });
    expect(outcomes(writeIntoPicture(camera.bytes, cat, all))).toMatchObject({
      ImageDescription: "written",
      description: "written",
    });
  });

  test("keeps the offsets of further pictures after the first one correct", () => {
    // A list of two pictures: the first, and one whose place is counted from the list's own header.
    const entry = (size: number, distance: number) => concat([uint32(0), uint32(size), uint32(distance), uint32(0)]);
    const list = (size: number, distance: number) =>
      concat([
        latin1("MPF\0MM\0*"),
        uint32(8),
        Uint8Array.of(0, 1, 0xb0, 2, 0, 7),
        uint32(32),
        uint32(26),
        uint32(0),
        entry(size, 0),
        entry(9, distance),
      ]);
    const second = latin1("SECONDPIC");
    const from = (segment: Uint8Array) => segment.length - 8 + rest.length;
    const draft = jpegSegment(0xe2, list(0, 0));
    const segment = jpegSegment(0xe2, list(2 + draft.length + rest.length, from(draft)));
    const app13 = jpegSegment(0xed, latin1("Photoshop 3.0\0"));
    for (const segments of [[segment], [app13, segment], [segment, app13]]) {
      const shift = segments[0] === segment ? segments.slice(1).reduce((sum, { length }) => sum + length, 0) : 0;
      const own = segments.map((one) =>
        one === segment
          ? jpegSegment(
              0xe2,
              list(2 + segments.reduce((sum, { length }) => sum + length, 0) + rest.length, from(draft) + shift),
            )
          : one,
      );
      const file = concat([jpegOf({ segments: own, rest }), second]);
      for (const bytes of [file, writeIntoPicture(file, dog, all).bytes]) {
        const text = String.fromCharCode(...bytes);
        const header = text.indexOf("MPF\0") + 4;
        const view = viewOf(bytes);
        expect(view.getUint32(header + 30)).toBe(text.indexOf("SECONDPIC"));
        const place = header + view.getUint32(header + 50);
        expect(text.slice(place, place + 9)).toBe("SECONDPIC");
      }
    }
  });

  test("respects the content of further segments of XMP, and does not change them", () => {
    const long = new XmpPacket(undefined);
    long.set(xmpNames.description, ["Our Tom, at length"]);
    const text = utf8(long.text);
    const part = (from: number, to: number) =>
      jpegSegment(
        0xe1,
        concat([
          latin1("http://ns.adobe.com/xmp/extension/\0"),
          latin1("0123456789ABCDEF0123456789ABCDEF"),
          uint32(text.length),
          uint32(from),
          text.subarray(from, to),
        ]),
      );
    const segments = [part(100, text.length), part(0, 100)];
    const { bytes, reports } = writeIntoPicture(jpegOf({ segments, rest }), cat, ["xmp"]);
    expect(reports[0]).toMatchObject({ field: "dc:description", outcome: "kept" });
    expect(String.fromCharCode(...bytes)).toContain(String.fromCharCode(...concat(segments)));
  });

  test("refuses text that a format cannot store, and blocks that are too long or occur twice", () => {
    const png = pngOf({ chunks: [], rest: new Uint8Array() });
    expect(() => writeIntoPicture(png, cat, all)).toThrow("The picture is a PNG, but only JPEG supports IPTC-IIM");
    expect(() => writeIntoPicture(webpOf({ picture: latin1("VP8 "), chunks: [], rest }), cat, ["xmp"])).toThrow("WebP");
    const packet = utf8(new XmpPacket(undefined).text);
    const twice = [packet, packet].map((xmp) =>
      jpegSegment(0xe1, concat([latin1("http://ns.adobe.com/xap/1.0/\0"), xmp])),
    );
    expect(() => writeIntoPicture(jpegOf({ segments: twice, rest }), cat, ["xmp"])).toThrow("2 blocks of XMP");
    expect(() => writeIntoPicture(jpeg, { caption: "a ".repeat(40_000), keywords: [] }, ["xmp"])).toThrow(
      "a JPEG holds only 65533",
    );
    expect(() => writeIntoPicture(jpeg, { caption: "a ".repeat(1001), keywords: [] }, ["iptc"])).toThrow(
      "holds only 2000",
    );
  });

  test("does not change IPTC in another character set", () => {
    const latin = concat([Uint8Array.of(0x1c, 2, 80, 0, 3), latin1("J\xfc.")]);
    const resource = concat([latin1("8BIM\x04\x04\0\0"), uint32(latin.length), latin]);
    const file = readJpeg(jpeg).replace({ resources: resource });
    const written = readJpeg(writeIntoPicture(file, cat, ["iptc"]).bytes).resources!;
    expect(String.fromCharCode(...written)).toContain("J\xfc.");
    expect(String.fromCharCode(...written)).not.toContain("\x1b%G");
    expect(() => writeIntoPicture(file, { caption: "Eine Tür", keywords: [] }, ["iptc"])).toThrow("not in UTF-8");
  });
});

describe("writeIntoSidecar()", () => {
  test("writes a sidecar of its own, updates it, and removes it", () => {
    const first = writeIntoSidecar(undefined, jpeg, cat).text!;
    expect(isOwnSidecar(first)).toBe(true);
    expect(first.match(/>A cat</g)).toHaveLength(5);
    const second = writeIntoSidecar(first, jpeg, dog).text!;
    expect(second).toContain("<rdf:li>grass</rdf:li>");
    expect(second).not.toContain("cat");
    expect(writeIntoSidecar(second, jpeg, { keywords: [] }).text).toBeUndefined();
    expect(writeIntoSidecar(undefined, jpeg, { keywords: [] }).text).toBeUndefined();
  });

  test("adds to a sidecar of another program, and never considers it its own", () => {
    const theirs = `<?xml version="1.0"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:darktable="http://darktable.sf.net/" darktable:xmp_version="5" darktable:history="a"/></rdf:RDF></x:xmpmeta>`;
    const { text } = writeIntoSidecar(theirs, jpeg, cat);
    expect(text?.startsWith(theirs.slice(0, theirs.indexOf("/>")))).toBe(true);
    expect(isOwnSidecar(text!)).toBe(false);
    const back = writeIntoSidecar(text, jpeg, { keywords: [] }).text!;
    expect(back).toContain('darktable:history="a"');
    expect(back).not.toMatch(/cat|edgecap/);
    // Without a caption, the sidecar stays unchanged.
    expect(writeIntoSidecar(theirs, jpeg, { keywords: [] }).text).toBe(theirs);
  });

  test("leaves out what a person wrote into the picture", () => {
    const { text, reports } = writeIntoSidecar(undefined, personal(), cat);
    expect(reports.map(({ outcome }) => outcome)).toEqual(["kept", "written", "kept"]);
    expect(text).not.toContain("dc:description>");
  });

  test("knows the sidecars of earlier versions", () => {
    const old = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreatorTool>edgecap</xmp:CreatorTool><dc:subject><rdf:Bag><rdf:li>cow</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF>`;
    expect(isOwnSidecar(old)).toBe(true);
    const { text } = writeIntoSidecar(old, jpeg, cat);
    expect(text).not.toMatch(/cow|CreatorTool/);
    expect(isOwnSidecar(old.replace(">edgecap<", ">Other<"))).toBe(false);
  });
});
