import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parse, serialize } from "parse5";
import { attributeText, htmlPictures } from "../../src/site/html_pictures.ts";
import { insertText } from "../../src/site/insert_text.ts";
import { anyText } from "../any_text.ts";

/** State and address of each picture. */
const seen = (html: string) => htmlPictures(html).pictures.map(({ state, source }) => [state, source]);

/** Gives the text `alt` to each picture without one. */
function filled(html: string, alt = "a cat"): string {
  const absent = htmlPictures(html).pictures.filter(({ state }) => state === "absent");
  return insertText(
    html,
    absent.map(({ at, markup }) => ({ at, text: markup(alt) })),
  );
}

describe("htmlPictures()", () => {
  for (const [what, html, expected] of [
    ["a plain tag", '<img src="a.jpg">', [["absent", "a.jpg"]]],
    ["an empty text", '<img src="a.jpg" alt="">', [["decorative", "a.jpg"]]],
    ["a text without a value", "<img alt src=a.jpg>", [["decorative", "a.jpg"]]],
    ["capitals and no quotes", "<IMG SRC=a.jpg ALT=cat>", [["present", "a.jpg"]]],
    ["an address with spaces and references", "<img src=' a&amp;b c.jpg '>", [["absent", " a&b c.jpg "]]],
    ["doubled attributes, of which the first counts", "<img src=a.jpg src=b.jpg alt=x alt>", [["present", "a.jpg"]]],
    ["no address", "<img class=x>", [["absent", undefined]]],
    [
      "comments, scripts, styles and texts",
      "<!--<img src=a>--><script>'<img src=b>'</script><style><img></style><textarea><img></textarea>",
      [],
    ],
    ["a template", "<template><p><img src=a.jpg></template>", [["absent", "a.jpg"]]],
    ["what is shown without scripts", "<noscript><img src=a.jpg></noscript>", [["absent", "a.jpg"]]],
    [
      "a table's stray picture, in its place",
      "<table><tr><td><img src=1></td></tr><img src=2></table><img src=3>",
      [
        ["absent", "1"],
        ["absent", "2"],
        ["absent", "3"],
      ],
    ],
    [
      "sources of a picture element",
      '<picture><source srcset="b.avif"><img src=a.jpg srcset="a2.jpg 2x"></picture>',
      [["absent", "a.jpg"]],
    ],
    ["broken markup", '<div><p <img src=a.jpg></b><img src="b.jpg"', [] as unknown[]],
    ["a broken tag before", "<p></div><b><img src=a.jpg>", [["absent", "a.jpg"]]],
    [
      "a role that takes it away",
      "<img role=presentation src=a><img role=NONE src=b>",
      [
        ["hidden", "a"],
        ["hidden", "b"],
      ],
    ],
    [
      "what hides all inside",
      '<div aria-hidden="true"><p><img src=a></div><img src=b>',
      [
        ["hidden", "a"],
        ["absent", "b"],
      ],
    ],
    ["what is presentation", '<div role="presentation"><img src=a></div>', [["hidden", "a"]]],
    ["a table of layout", '<table role="presentation"><tr><td><img src=a></table>', [["absent", "a"]]],
    [
      "other names for it",
      "<img src=a aria-label=cat><img src=b aria-labelledby=x><img src=c aria-label=''>",
      [
        ["present", "a"],
        ["present", "b"],
        ["absent", "c"],
      ],
    ],
    [
      "a text that a framework binds",
      '<img :alt="t" src=a><img v-bind:alt="t" src=b><img [alt]="t" src=c>',
      [
        ["present", "a"],
        ["present", "b"],
        ["present", "c"],
      ],
    ],
    [
      "tags of templates",
      '<img src="{{ url }}"><img {% if x %} src=b><img src={url}><img src="<?= $x ?>">',
      [
        ["template", "{{ url }}"],
        ["template", "b"],
        ["template", "{url}"],
        ["template", "<?= $x ?>"],
      ],
    ],
    ["components of a like name", "<image src=a><Image src=b><img-box src=c></img-box>", []],
    ["images of SVG", '<svg><image href="a.jpg"/><title><img src=b></title></svg>', [["absent", "b"]]],
  ] as const) {
    test(`sees ${what}`, () => {
      expect(seen(html) as unknown).toEqual(expected as unknown);
    });
  }

  test("knows the first base", () => {
    expect(htmlPictures("<base target=x><base href=/a/><base href=/b/><img src=c>").base).toBe("/a/");
    expect(htmlPictures("<img src=c>").base).toBeUndefined();
  });

  test("takes pages that nest very deeply", () => {
    expect(seen(`${"<div>".repeat(20_000)}<img src=a>`)).toEqual([["absent", "a"]]);
  });

  test("puts the text after the address", () => {
    expect(filled("<img src=a.jpg/>")).toBe('<img src=a.jpg/ alt="a cat">');
    expect(filled("<img class=x src = 'a'width=3>")).toBe("<img class=x src = 'a' alt=\"a cat\"width=3>");
    expect(filled("<img\r\n  src=a\r\n>")).toBe('<img\r\n  src=a alt="a cat"\r\n>');
    expect(filled("<IMG/>")).toBe('<IMG alt="a cat"/>');
  });

  test("adds the attribute, and changes nothing else that a parser sees", () => {
    let pictures = 0;
    const part = fc.oneof(
      { weight: 3, arbitrary: tag },
      fc.constantFrom(
        ...[
          "<div>",
          "</div>",
          "<p>",
          "<b>",
          "</b>",
          "<table>",
          "<tr>",
          "<td>",
          "</table>",
          "<template>",
          "</template>",
        ],
        ...["<!--", "-->", "<script>", "</script>", "<svg>", "</svg>", "<select>", "</select>", "<![CDATA[", "]]>"],
        ...["<noscript>", "<p aria-hidden=true>", '"', "'", "<", ">", "&amp", "\r\n", "\r", "\0", "😀", "ü", "\u2028"],
        ...["<textarea>", "</textarea>", "<title>", "<plaintext>", "<frameset>", "<img", "<img src='"],
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), fc.string({ minLength: 1, maxLength: 8 }), (parts, alt) => {
        const html = parts.join("");
        const before = htmlPictures(html).pictures;
        const now = filled(html, alt);
        const text = alt.toWellFormed().replaceAll("\0", "\ufffd");
        const absent = before.filter(({ state }) => state === "absent");
        pictures += absent.length;
        const after = htmlPictures(now).pictures;
        expect(after.map(({ state }) => state)).toEqual(
          before.map(({ state }) => (state === "absent" ? "present" : state)),
        );
        expect(after.map(({ source }) => source)).toEqual(before.map(({ source }) => source));
        // Without the new attributes, the tree is the same as before.
        const wanted = new Set(
          absent.map(({ start }, nth) => start + (nth * (now.length - html.length)) / Math.max(1, absent.length)),
        );
        const [old, fresh] = [
          parse(html, { scriptingEnabled: false }),
          parse(now, { scriptingEnabled: false, sourceCodeLocationInfo: true }),
        ];
        let removed = 0;
        for (const element of elements(fresh)) {
          if (!wanted.has(element.sourceCodeLocation?.startOffset ?? -1) || element.tagName !== "img") continue;
          const at = element.attrs.findIndex(({ name }) => name === "alt");
          expect(element.attrs[at]?.value).toBe(text);
          element.attrs.splice(at, 1);
          removed++;
        }
        expect(removed).toBe(absent.length);
        expect(serialize(fresh)).toBe(serialize(old));
        expect(filled(now, alt)).toBe(now);
      }),
      { numRuns: 300 },
    );
    expect(pictures).toBeGreaterThan(100);
  });
});

describe("attributeText()", () => {
  test("is ASCII that gives the text back", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const written = attributeText(text);
        expect(written).toMatch(/^[ !#-;=?-_a-{}~]*$/);
        const [element] = elements(parse(`<i title="${written}">`)).filter(({ tagName }) => tagName === "i");
        expect(element!.attrs[0]!.value).toBe(text.toWellFormed().replace(/[\0\x80-\x9f]/g, (c) => ofReference(c)));
      }),
    );
  });
});

/** What HTML makes of the reference to a control character. */
function ofReference(character: string): string {
  const fragment = parse(`<i title="&#${character.charCodeAt(0)};">`);
  return elements(fragment).find(({ tagName }) => tagName === "i")!.attrs[0]!.value;
}

const space = fc.constantFrom(" ", "\n", "\r\n", "\t", "/", " / ", "  ");
const value = fc.constantFrom("a.jpg", "'a b.jpg'", '"a&amp;b.jpg"', '""', "a.jpg/", "x=y", '"ü😀"', "'\r\n'");
const attributeName = fc.constantFrom("src", "SRC", "class", "alt", "src", "data-src", "width", ":alt", "=", "role");
const attributeOfTag = fc
  .tuple(space, attributeName, fc.option(fc.tuple(fc.constantFrom("=", " = ", "=\n"), value)))
  .map(([before, name, given]) => before + name + (given === null ? "" : given.join("")));
const tag = fc
  .tuple(
    fc.constantFrom("<img", "<IMG", "<iMg"),
    fc.array(attributeOfTag, { maxLength: 4 }),
    fc.constantFrom(">", "/>", " >", " />", "\r\n>"),
  )
  .map(([name, attributes, end]) => name + attributes.join("") + end);

function elements(root: DefaultTreeAdapterTypes.Node): DefaultTreeAdapterTypes.Element[] {
  const found: DefaultTreeAdapterTypes.Element[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if ("tagName" in node) found.push(node);
    if ("content" in node) open.push(node.content);
    if ("childNodes" in node) open.push(...node.childNodes);
  }
  return found;
}
