import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { micromark } from "micromark";
import { attributeText } from "../../src/site/html_pictures.ts";
import { insertText } from "../../src/site/insert_text.ts";
import { markdownPictures, markdownText } from "../../src/site/markdown_pictures.ts";

const seen = (markdown: string) => markdownPictures(markdown).map(({ state, source }) => [state, source]);

function filled(markdown: string, alt = "a cat"): string {
  const absent = markdownPictures(markdown).filter(({ state }) => state === "absent");
  return insertText(
    markdown,
    absent.map(({ at, markup }) => ({ at, text: markup(alt) })),
  );
}

describe("markdownPictures()", () => {
  for (const [what, markdown, expected] of [
    [
      "images",
      '![](a.jpg) ![cat](b.jpg) ![ ](<c d.jpg> "t")',
      [
        ["absent", "a.jpg"],
        ["present", "b.jpg"],
        ["absent", "c d.jpg"],
      ],
    ],
    ["escapes and references", "![](a\\_b&amp;c.jpg)", [["absent", "a_b&c.jpg"]]],
    ["images by name", "![][Cat]\n\n[cat]: a.jpg\n[CAT]: b.jpg", [["absent", "a.jpg"]]],
    [
      "HTML in a block and in a line",
      "<p>\n<img src=a>\n</p>\n\nx <IMG src='b' alt> y",
      [
        ["absent", "a"],
        ["decorative", "b"],
      ],
    ],
    [
      "HTML whose lines a quote splits",
      "> x <img\n> src=a>\n\n> <div\n>  class=b><img src=c></div>",
      [
        ["absent", "a"],
        ["absent", "c"],
      ],
    ],
    ["code", "`![](a) <img src=a>`\n\n    ![](b)\n\n```html\n<img src=c>\n```\n\n~~~\n![](d)\n~~~", []],
    ["comments", "<!-- ![](a) <img src=b> -->", []],
    ["escaped brackets", "\\![](a) !\\[](b)", []],
    ["front matter", "---\ntitle: '![](a)'\n---\n![](b)", [["absent", "b"]]],
    ["front matter in TOML", "+++\r\nx = '<img src=a>'\r\n+++\r\n![](b)", [["absent", "b"]]],
    ["a rule at the beginning", "---\n![](a)", [["absent", "a"]]],
    [
      "lists, quotes, headings and tables",
      "- ![](a)\n> ![](b)\n# ![](c)\n| x |\n|--|\n| ![](d) |",
      [
        ["absent", "a"],
        ["absent", "b"],
        ["absent", "c"],
        ["absent", "d"],
      ],
    ],
    ["images of links", "[![](a)](b)", [["absent", "a"]]],
    [
      "images in the description of images",
      "![x ![](a)](b) ![![](c)](d)",
      [
        ["present", "b"],
        ["present", "d"],
      ],
    ],
    [
      "what HTML around hides",
      '<div aria-hidden="true">\n\n![](a)\n\n</div>\n\n![](b)',
      [
        ["hidden", "a"],
        ["absent", "b"],
      ],
    ],
    ["no address", "![]()", [["absent", ""]]],
  ] as const) {
    test(`sees ${what}`, () => {
      expect(seen(markdown) as unknown).toEqual(expected as unknown);
    });
  }

  test("ignores tags that begin in one piece of HTML and seem to continue in another", () => {
    const text = '<!doctype html><p><img src="`\ng"><img alt="" src=2.jpg><IMG SRC="3.jpg" ALT=x />\n';
    expect(seen(text)).toEqual([["present", "3.jpg"]]);
    expect(filled(text)).toBe(text);
    const lines = 'a <img src="b.jpg"\n  title="c"> d';
    expect(filled(lines)).toBe('a <img src="b.jpg" alt="a cat"\n  title="c"> d');
  });

  test("puts the text between the brackets", () => {
    expect(filled("x\r\n![](a.jpg)\r\n<img src=b>")).toBe('x\r\n![a cat](a.jpg)\r\n<img src=b alt="a cat">');
    expect(filled("![](a)", "a [cat]")).toBe("![a \\[cat\\]](a)");
  });

  test("adds descriptions, and changes nothing else that a parser sees", () => {
    let pictures = 0;
    const part = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom("![](a.jpg)", "![][b]", "![ ](c)", '<img src="d">', "[![](e)](f)", "![g](h)"),
      },
      fc.constantFrom(
        ...[
          "\n",
          "\n\n",
          "\r\n",
          " ",
          "    ",
          "\t",
          "> ",
          "- ",
          "1. ",
          "# ",
          "`",
          "```",
          "~~~",
          "*",
          "_",
          "[",
          "]",
          "(",
          ")",
        ],
        ...[
          "!",
          "\\",
          "<",
          ">",
          "<div>",
          "</div>",
          "<b>",
          "<!--",
          "-->",
          "[b]: /x.jpg",
          "|",
          "&amp;",
          "---",
          "ü",
          "😀",
          "\0",
        ],
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 14 }),
        fc.constantFrom("a cat", "[x] *y* `z` <b> &amp; \\"),
        (parts, alt) => {
          const markdown = parts.join("");
          const now = filled(markdown, alt);
          pictures += markdownPictures(markdown).filter(({ state }) => state === "absent").length;
          expect(filled(now, alt)).toBe(now);
          const asHtml = (text: string) => micromark(text, { allowDangerousHtml: true });
          const shown = alt.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);
          const plain = (html: string) =>
            html
              .replaceAll(shown, "")
              .replaceAll(attributeText(alt), "")
              .replaceAll(/ alt="\s*"/g, "");
          expect(plain(asHtml(now))).toBe(plain(asHtml(markdown)));
        },
      ),
      { numRuns: 300 },
    );
    expect(pictures).toBeGreaterThan(50);
  });
});

describe("markdownText()", () => {
  test("is read as the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab[]()!\\`*_<>&;|~$#- \n"), maxLength: 12 }), (text) => {
        const html = micromark(`![x${markdownText(text)}x](y)`);
        const shown = `x${text.replace(/\s+/g, " ")}x`.replace(
          /[&<>"]/g,
          (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!,
        );
        expect(html).toBe(`<p><img src="y" alt="${shown}" /></p>`);
      }),
    );
  });
});
