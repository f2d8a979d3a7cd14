import { type DefaultTreeAdapterTypes, parse } from "parse5";
import type { SitePicture, SitePictures } from "./picture.ts";

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/**
 * The `<img>` elements of a page, as a browser sees them: none of comments, scripts or texts, but those of `<template>`
 * and `<noscript>`.
 *
 * @param html Text without a byte order mark.
 */
export function htmlPictures(html: string): SitePictures {
  const pictures: SitePicture[] = [];
  let base: string | undefined;
  // An explicit stack: pages nest deeper than calls can.
  const open: [node: Node, hidden: boolean][] = [
    [parse(html, { sourceCodeLocationInfo: true, scriptingEnabled: false }), false],
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, isInHidden] = next;
    let hidden = isInHidden;
    if ("tagName" in node) {
      hidden ||= hidesPictures(node);
      if (node.tagName === "base") base ??= attribute(node, "href");
      if (node.tagName === "img") {
        const picture = pictureOf(node, html, hidden);
        if (picture !== undefined) pictures.push(picture);
      }
    }
    const children = "content" in node ? node.content.childNodes : "childNodes" in node ? node.childNodes : [];
    for (let at = children.length - 1; at >= 0; at--) open.push([children[at]!, hidden]);
  }
  // In the tree, stray pictures of a table come before it.
  pictures.sort((one, other) => one.start - other.start);
  return { pictures, ...(base !== undefined && { base }) };
}

/**
 * Text as the value of an attribute in double quotes, in ASCII, which every encoding has, and with nothing that
 * Markdown reads.
 */
export function attributeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&"<>`|]|[^\x20-\x7e]/gu, (character) => named[character] ?? `&#${character.codePointAt(0)};`);
}

const named: Readonly<Record<string, string>> = { "&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;" };

function pictureOf(element: Element, html: string, hidden: boolean): SitePicture | undefined {
  const place = element.sourceCodeLocation;
  if (place == null) return undefined;
  const tag = html.slice(place.startOffset, place.endOffset);
  // A parser reads <image> as <img>, but it may be a component of that name.
  if (!/^<img(?![^\s/>])/i.test(tag)) return undefined;
  const source = attribute(element, "src");
  return {
    start: place.startOffset,
    state: stateOf(element, tag, hidden),
    ...(source !== undefined && { source }),
    // After the address, where people put it. An attribute without a value has no usable end: "src =" continues after
    // it.
    at: (source ? place.attrs?.["src"]?.endOffset : undefined) ?? place.startOffset + "<img".length,
    markup: (alt) => ` alt="${attributeText(alt)}"`,
  };
}

/** Attributes by which frameworks compute the alternative text. */
const boundAlt = /^(?:(?:v-bind|x-bind|bind)?:alt|\[(?:attr\.)?alt\]|ng-attr-alt)$/;

/** Signs that a program generates the tag. */
const template = /\{\{|\{%|<%|<\?|\$\{|=\s*\{/;

function stateOf(element: Element, tag: string, hidden: boolean): SitePicture["state"] {
  const alt = attribute(element, "alt");
  if (alt === "") return "decorative";
  if (alt !== undefined || element.attrs.some(({ name }) => boundAlt.test(name))) return "present";
  if (attribute(element, "aria-label")?.trim() || attribute(element, "aria-labelledby")?.trim()) return "present";
  if (hidden) return "hidden";
  return template.test(tag) ? "template" : "absent";
}

/** Parts of tables: there, `role="presentation"` means that the table is only layout, so its pictures count. */
const tableParts: ReadonlySet<string> = new Set(["table", "thead", "tbody", "tfoot", "tr", "td", "th"]);

function hidesPictures(element: Element): boolean {
  if (attribute(element, "aria-hidden")?.trim().toLowerCase() === "true") return true;
  const role = attribute(element, "role")?.trim().toLowerCase();
  return (role === "presentation" || role === "none") && !tableParts.has(element.tagName);
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((one) => one.name === name)?.value;
}
