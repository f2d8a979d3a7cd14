import { documentText } from "../../../src/site/document_text.ts";
import { htmlPictures } from "../../../src/site/html_pictures.ts";
import { insertText } from "../../../src/site/insert_text.ts";
import { markdownPictures } from "../../../src/site/markdown_pictures.ts";
import { type Reader, reader } from "./attack.ts";
import { damagedText } from "./damage.ts";

const html = [
  '<!doctype html><base href="a/"><p><img src="1.jpg"><img alt="" src=2.jpg><IMG SRC="3.jpg" ALT=x />\n',
  '<table><img src=4.jpg></table><!-- <img src=5.jpg> --><div hidden><img src="6.jpg"></div><img src={{ x }}>',
];
const markdown = [
  "# A\n\n![](1.jpg) ![a](2.jpg) ![][r]\n\n```\n![](3.jpg)\n```\n\n[r]: <4.jpg> 'x'\n",
  '> <img src="5.jpg">\n',
];
const pieces = [
  "<img ",
  "<img>",
  "src=",
  "alt=",
  "alt",
  "/>",
  ">",
  "<",
  "</",
  "<!--",
  "-->",
  "<template>",
  "<svg>",
  "&amp;",
];
const marks = ["![", "](", "]", ")", "`", "```\n", "\\", "[r]", "    ", "<!--"];

/** Alternative text that does not occur in any other text. */
const alt = 'a "dog" & <cat>';

/** Readers of the documents of a site. */
export function siteReaders(): Reader[] {
  return (["html", "markdown"] as const).map((format) => {
    const seeds = format === "html" ? html : [...markdown, html[0]!];
    return reader(`pictures of ${format}`, damagedText(seeds, [...pieces, ...marks]), (bytes) => {
      const { mark, text, encode } = documentText(bytes, `page.${format}`, format);
      if (!Buffer.from(encode(mark + text)).equals(bytes)) throw new Error("The bytes have changed.");
      const picturesOf = (of: string) => (format === "html" ? htmlPictures(of).pictures : markdownPictures(of));
      const before = picturesOf(text);
      const open = before.filter(({ state }) => state === "absent");
      const after = picturesOf(
        insertText(
          text,
          open.map(({ at, markup }) => ({ at, text: markup(alt) })),
        ),
      );
      const states = before.map(({ state }) => (state === "absent" ? "present" : state));
      const found = after.map(({ state }) => state);
      if (states.join() !== found.join()) throw new Error(`Pictures were ${states}, and are ${found}.`);
    });
  });
}
