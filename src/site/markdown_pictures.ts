import { parse, postprocess, preprocess } from "micromark";
import { decodeString } from "micromark-util-decode-string";
import { normalizeIdentifier } from "micromark-util-normalize-identifier";
import { htmlPictures } from "./html_pictures.ts";
import type { SitePicture } from "./picture.ts";

/**
 * The pictures of a Markdown document (CommonMark): `![](a.jpg)`, `![][name]`, and `<img>` in the HTML that it holds.
 * Code, comments and front matter have none.
 *
 * @param markdown Text without a byte order mark.
 * @returns In the order of the document.
 */
export function markdownPictures(markdown: string): readonly SitePicture[] {
  const { images, html, definitions } = read(withoutFrontMatter(markdown));
  // The HTML at its place, with a tag for each image, so that one parser sees the nesting.
  const tags = [...images.keys()].map((start): Part => ({ start, text: imageTag }));
  const page = spaced([...html, ...tags]);
  return htmlPictures(page).pictures.flatMap((picture): readonly SitePicture[] => {
    const image = images.get(picture.start);
    if (image === undefined) return isWhole(picture, page, markdown) ? [picture] : [];
    const source = image.source ?? definitions.get(image.reference);
    return [
      {
        start: picture.start,
        state: picture.state === "hidden" ? "hidden" : image.isEmpty ? "absent" : "present",
        ...(source !== undefined && { source }),
        at: picture.start + "![".length,
        markup: markdownText,
      },
    ];
  });
}

/**
 * Whether the tag of an `<img>` is the same in the document as in the page, except for quote marks around it: not if it
 * begins in one piece of HTML and seems to end in another.
 */
function isWhole({ start, at }: SitePicture, page: string, markdown: string): boolean {
  for (let i = start; i < at; i++) if (page[i] !== markdown[i] && !/[\s>]/.test(markdown[i]!)) return false;
  return true;
}

/** Text between the brackets of an image. */
export function markdownText(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/\s+/g, " ")
      .replace(/[\\*_[\]|~$]/g, "\\$&")
      // Even after a backslash, these end a tag or code that begins before the image.
      .replace(/[&<>`]/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}

/** The shortest image of Markdown: `![]()`. */
const imageTag = "<img>";

/** A piece of the document. */
interface Part {
  readonly start: number;
  readonly text: string;
}

/** Puts pieces at their positions, with spaces between them. */
function spaced(parts: readonly Part[]): string {
  let text = "";
  for (const part of [...parts].sort((one, other) => one.start - other.start)) {
    text += " ".repeat(part.start - text.length) + part.text;
  }
  return text;
}

/** An image of Markdown: its address, or the name of the definition that has it. */
interface Image {
  isEmpty: boolean;
  source?: string;
  reference: string;
}

interface Read {
  /** Sorted by their beginnings. */
  readonly images: ReadonlyMap<number, Image>;
  readonly html: readonly Part[];
  /** Addresses by their names. */
  readonly definitions: ReadonlyMap<string, string>;
}

function read(markdown: string): Read {
  const images = new Map<number, Image>();
  const html: Part[] = [];
  const definitions = new Map<string, string>();
  // An image in the description of another one is not shown.
  const open: Image[] = [];
  let name = "";
  for (const [way, { type, start, end }] of postprocess(
    parse()
      .document()
      .write(preprocess()(markdown, undefined, true)),
  )) {
    const text = markdown.slice(start.offset, end.offset);
    const image = open[0];
    if (type === "image") {
      if (way === "exit") open.pop();
      else {
        open.push({ isEmpty: false, reference: "" });
        if (image === undefined) images.set(start.offset, open[0]!);
      }
    } else if (way === "exit") continue;
    else if (type === "htmlFlowData" || type === "htmlTextData") {
      if (image === undefined) html.push({ start: start.offset, text });
    } else if (type === "definitionLabelString") name = normalizeIdentifier(text);
    else if (type === "definitionDestinationString") {
      if (!definitions.has(name)) definitions.set(name, decodeString(text));
    } else if (image !== undefined && open.length === 1) {
      if (type === "label") image.isEmpty = /^!\[\s*\]$/.test(text);
      else if (type === "resource") image.source ??= "";
      else if (type === "resourceDestinationString") image.source = decodeString(text);
      else if (type === "referenceString") image.reference = normalizeIdentifier(text);
    }
  }
  return { images, html, definitions };
}

/** The document with its front matter (YAML or TOML), if any, replaced by spaces. */
function withoutFrontMatter(markdown: string): string {
  const found = /^(---|\+\+\+)[ \t]*\r?\n(?:[^\n]*\n)*?(?:\1|\.\.\.)[ \t]*(?:\r?\n|$)/.exec(markdown)?.[0] ?? "";
  return found.replace(/[^\r\n]/g, " ") + markdown.slice(found.length);
}
