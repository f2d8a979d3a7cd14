import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EdgecapError } from "../../src/errors.ts";
import { escapeXml } from "../../src/metadata/escape_xml.ts";
import { XmpPacket, xmpNames } from "../../src/metadata/xmp_packet.ts";
import { anyText as anyCharacters } from "../any_text.ts";
import { processorTime } from "../processor_time.ts";
import { anyText } from "./picture_bytes.ts";

const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const dc = "http://purl.org/dc/elements/1.1/";

/** Properties of other programs, as they may be written. */
const others = fc.array(
  fc.tuple(
    fc.constantFrom(
      (text: string) => `<other:note>${text}</other:note>`,
      (text: string) => `<other:list>\n<r:Bag><r:li>${text}</r:li><r:li/></r:Bag></other:list>`,
      (text: string) => `<other:deep r:parseType="Resource"><other:a b="${text}">c</other:a></other:deep>`,
      (text: string) => `<!-- ${text.replaceAll("-", "")} --><other:void />`,
      (text: string) => `<other:data><![CDATA[${text.replaceAll("]", "")}]]></other:data>`,
    ),
    anyText.map(escapeXml),
    fc.constantFrom("", "\n", "\n    ", "\r\n\t"),
  ),
  { maxLength: 5 },
);

const written = (parts: readonly (readonly [(text: string) => string, string, string])[]) =>
  parts.map(([make, text, space]) => space + make(text));

const packetOf = (before: readonly string[], after: readonly string[], own: string, attributes = "") =>
  `<?xpacket begin="\ufeff" id="x"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Some">\n` +
  `<r:RDF xmlns:r="${rdf}"><r:Description r:about='' xmlns:other="urn:other" ${attributes}>` +
  `${before.join("")}${own}${after.join("")}\n </r:Description></r:RDF></x:xmpmeta>${" ".repeat(40)}<?xpacket end='w'?>\0`;

describe("XmpPacket", () => {
  test("adds and removes a property without changing any other byte", () => {
    fc.assert(
      fc.property(others, anyText, (parts, text) => {
        const before = packetOf(written(parts), [], "");
        const packet = new XmpPacket(before);
        packet.set(xmpNames.description, [text]);
        expect(new XmpPacket(packet.text).get(xmpNames.description).texts).toEqual([text, text].map(asRead));
        packet.set(xmpNames.subject, ["a", "b & c"]);
        packet.set(xmpNames.description, []);
        expect(packet.get(xmpNames.subject).texts).toEqual(["a", "b & c"]);
        packet.set(xmpNames.subject, []);
        expect(packet.text).toBe(before);
      }),
    );
  });

  test("replaces a property however it is written, and leaves every other byte", () => {
    const forms = fc.constantFrom(
      { own: `<d:description xmlns:d="${dc}"><r:Alt><r:li xml:lang="x-default">old</r:li></r:Alt></d:description>` },
      { own: `<d:description xmlns:d='${dc}'>old</d:description>` },
      {
        own: "",
        attributes: `xmlns:d="${dc}"\n d:description = 'old' other:last="1"`,
        without: `xmlns:d="${dc}" other:last="1"`,
      },
      {
        own: "",
        attributes: `d:description="old" xmlns:d="${dc}" other:first="'1'"`,
        without: `xmlns:d="${dc}" other:first="'1'"`,
      },
    );
    fc.assert(
      fc.property(others, others, forms, anyText, (head, tail, { own, attributes, without }, text) => {
        const [before, after] = [written(head), written(tail)];
        const packet = new XmpPacket(packetOf(before, after, own, attributes));
        expect(packet.get(xmpNames.description).texts).toEqual(["old"]);
        packet.set(xmpNames.description, [text]);
        expect(packet.get(xmpNames.description).texts).toEqual([text, text].map(asRead));
        packet.set(xmpNames.description, []);
        expect(packet.text).toBe(packetOf(before, after, "", without));
      }),
    );
  });

  test("opens a description that closes itself, and one that is there twice", () => {
    const bare = `<R:RDF xmlns:R="${rdf}"><R:Description R:about="" xmlns:o="urn:o" o:a="1"/><R:Description o2:b="2" xmlns:o2="urn:o"/></R:RDF>`;
    const packet = new XmpPacket(bare);
    packet.set(xmpNames.altText, ["A dog"]);
    expect(packet.text.startsWith(bare.slice(0, bare.indexOf("/>")))).toBe(true);
    expect(packet.text.endsWith(bare.slice(bare.indexOf("/>") + 2))).toBe(true);
    expect(new XmpPacket(packet.text).get(xmpNames.altText).texts).toEqual(["A dog", "A dog"]);
  });

  test("knows a namespace by its name, whatever its prefix stands for", () => {
    const text = `<rdf:RDF xmlns:rdf="${rdf}"><rdf:Description xmlns:dc="urn:mine"><dc:description>mine</dc:description></rdf:Description></rdf:RDF>`;
    const packet = new XmpPacket(text);
    expect(packet.get(xmpNames.description).texts).toEqual([]);
    packet.set(xmpNames.description, ["A dog"]);
    expect(packet.text).toContain("<dc:description>mine</dc:description>");
    expect(packet.text).toContain(`<dc:description xmlns:dc="${dc}">`);
    expect(packet.get(xmpNames.description).texts).toEqual(["A dog", "A dog"]);
  });

  test("says if a property holds more than texts", () => {
    const value = `<dc:description><rdf:Alt><rdf:li rdf:parseType="Resource"><rdf:value>x</rdf:value></rdf:li></rdf:Alt></dc:description>`;
    const text = `<rdf:RDF xmlns:rdf="${rdf}"><rdf:Description xmlns:dc="${dc}">${value}</rdf:Description></rdf:RDF>`;
    expect(new XmpPacket(text).get(xmpNames.description).complex).toBe(true);
  });

  test("refuses what is not XMP, a document type, and what is too deep, at once", () => {
    const deep = `<rdf:RDF xmlns:rdf="${rdf}"><rdf:Description>${"<a>".repeat(100_000)}`;
    const bomb = `<!DOCTYPE a [<!ENTITY a "${"b".repeat(99)}">]><rdf:RDF xmlns:rdf="${rdf}"><rdf:Description>&a;</rdf:Description></rdf:RDF>`;
    for (const text of ["", "<x/>", "<", "text", "<a></b>", `<rdf:RDF xmlns:rdf="${rdf}"/>`, deep, bomb]) {
      const code = (() => {
        try {
          return new XmpPacket(text);
        } catch (error) {
          return (error as EdgecapError).code;
        }
      })();
      expect([text.slice(0, 40), code]).toEqual([text.slice(0, 40), "data-invalid"]);
    }
  });

  test("keeps the NULs at its end, and refuses millions elsewhere at once", () => {
    const plain = new XmpPacket(undefined).text;
    expect(new XmpPacket(`${plain}\0\0`).text).toBe(`${plain}\0\0`);
    const took = processorTime();
    const nuls = "\0".repeat(2_000_000);
    for (const text of [`${plain}${nuls}x`, `${nuls}x`, `${nuls}${plain}`])
      expect(() => new XmpPacket(text)).toThrow(expect.objectContaining({ code: "data-invalid" }));
    expect(took()).toBeLessThan(2000);
  });

  test("refuses or reads any damage", () => {
    const whole = packetOf(["<other:note>a</other:note>"], [], `<d:subject xmlns:d="${dc}">x</d:subject>`);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), anyCharacters({ maxLength: 3 }), fc.nat(5), (at, by, cut) => {
        const damaged = whole.slice(0, at) + by + whole.slice(at + cut);
        try {
          const packet = new XmpPacket(damaged);
          packet.set(xmpNames.wrote, ["a"]);
          expect(packet.get(xmpNames.wrote).texts).toEqual(["a"]);
        } catch (error) {
          expect((error as EdgecapError).code).toBe("data-invalid");
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Text as a reader of XML has it. */
function asRead(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}
