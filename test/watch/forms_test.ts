import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escapeXml } from "../../src/metadata/escape_xml.ts";
import { htmlPage } from "../../src/watch/html_page.ts";
import { anyText } from "../any_text.ts";

/** Escaped text, as a reader decodes it. */
const unescaped = (text: string) =>
  text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name]!,
  );

const shortText = anyText({ maxLength: 40 });

describe("escapeXml()", () => {
  test("leaves nothing that ends a text or an attribute, and gives the text back", () => {
    fc.assert(
      fc.property(shortText, (text) => {
        const escaped = escapeXml(text);
        expect(escaped).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
        const allowed = text
          .toWellFormed()
          .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd");
        expect(unescaped(escaped)).toBe(allowed);
      }),
    );
  });
});

describe("htmlPage()", () => {
  test("shows each picture with its caption as alternative text", () => {
    const page = htmlPage(
      "Me & <you>",
      new Map([
        ["b/ü #1?.jpg", { size: 1, changed: 1, caption: 'a "dog" runs' }],
        ["a.jpg", { size: 1, changed: 1, caption: "a cat" }],
        ["bad.jpg", { size: 1, changed: 1, error: { code: "image-corrupt", message: "" } }],
      ]),
    );
    expect(page).toContain("<title>Me &amp; &lt;you&gt;</title>");
    const images = [...page.matchAll(/<a href="([^"]*)"><img src="([^"]*)" alt="([^"]*)"/g)].map((found) =>
      found.slice(1),
    );
    expect(images).toEqual([
      ["a.jpg", "a.jpg", "A cat"],
      ["b/%C3%BC%20%231%3F.jpg", "b/%C3%BC%20%231%3F.jpg", "A &quot;dog&quot; runs"],
    ]);
  });

  test("takes names that hold half a character", () => {
    const page = htmlPage("x", new Map([["a\ud800.jpg", { size: 1, changed: 1, caption: "a dog" }]]));
    expect(page).toContain('<img src="a%EF%BF%BD.jpg" alt="A dog"');
  });

  test("makes an address for any file name that leads to the file", () => {
    fc.assert(
      fc.property(
        fc
          .string({ minLength: 1, maxLength: 20 })
          .filter((name) => !/[/\0]/.test(name) && name !== "." && name !== ".."),
        (name) => {
          const page = htmlPage("x", new Map([[name, { size: 1, changed: 1, caption: "a dog" }]]));
          const address = unescaped(/<img src="([^"]*)"/.exec(page)![1]!);
          const path = new URL(address, "http://gallery/").pathname.slice(1);
          expect(decodeURIComponent(path)).toBe(name);
        },
      ),
    );
  });
});
