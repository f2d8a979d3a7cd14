import { SaxesParser, type SaxesTagNS } from "saxes";
import { EdgecapError } from "../errors.ts";

const rdfUri = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const xmlUri = "http://www.w3.org/XML/1998/namespace";
const xmlnsUri = "http://www.w3.org/2000/xmlns/";

/** A property of an XMP packet, with its place in the text. */
export interface XmpProperty {
  /** Name of its namespace. */
  readonly uri: string;
  /** Its name in that namespace. */
  readonly local: string;
  /** Its texts: those of a list, or its own. Blank ones are left out. */
  readonly texts: readonly string[];
  /** It holds more than texts, such as a structure. */
  readonly complex: boolean;
  /** It is an attribute, not an element. */
  readonly isAttribute: boolean;
  /** Where it begins, with the space before it. */
  readonly start: number;
  readonly end: number;
}

/** The place where properties may be added. */
export interface XmpDescription {
  /** The name as it is written, with its prefix. */
  readonly name: string;
  /** After its opening tag. */
  readonly tagEnd: number;
  /** Before its closing tag; the same as `tagEnd` if it closes itself. */
  closeStart: number;
  readonly closesItself: boolean;
  /** The namespace of a prefix at this place. */
  resolve(prefix: string): string | undefined;
}

/** An XMP packet as it was read. */
export interface XmpDocument {
  readonly text: string;
  readonly properties: readonly XmpProperty[];
  readonly description: XmpDescription;
}

/** Deeper nesting is useless, and can overflow the stack of other programs. */
const mostDepth = 200;

/**
 * Reads an XMP packet: its properties, each with its place, so that one can be replaced and everything else stays byte
 * for byte.
 *
 * @throws {EdgecapError} `data-invalid` if the text is not well-formed XML, declares a document type, or holds no
 *   description.
 */
export function readXmp(text: string): XmpDocument {
  const reader = new Reader(text);
  try {
    return reader.read();
  } catch (cause) {
    if (cause instanceof EdgecapError) throw cause;
    throw invalidXmp(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Makes the error to throw if XMP cannot be read. */
function invalidXmp(why: string, cause?: unknown): EdgecapError {
  return new EdgecapError("data-invalid", `The XMP cannot be read: ${why.trim()}. It was left unchanged.`, { cause });
}

/** A property that is being read. */
interface OpenProperty {
  readonly uri: string;
  readonly local: string;
  readonly start: number;
  readonly depth: number;
  readonly items: string[];
  isList: boolean;
  complex: boolean;
  own: string;
}

class Reader {
  readonly #text: string;
  readonly #parser = new SaxesParser({ xmlns: true, position: true });
  readonly #open: SaxesTagNS[] = [];
  readonly #properties: XmpProperty[] = [];
  readonly #attributeEnds = new Map<string, number>();
  #tagStart = 0;
  #rdfDepth = -1;
  #first: XmpDescription | undefined;
  /** The description that is open; properties are added to the first one. */
  #inFirst = false;
  #property: OpenProperty | undefined;
  #item: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  read(): XmpDocument {
    const parser = this.#parser;
    parser.on("doctype", () => {
      throw invalidXmp("it declares a document type");
    });
    parser.on("opentagstart", () => {
      this.#tagStart = this.#text.lastIndexOf("<", parser.position - 1);
      this.#attributeEnds.clear();
    });
    parser.on("attribute", ({ prefix, local }) => {
      this.#attributeEnds.set(prefix === "" ? local : `${prefix}:${local}`, parser.position);
    });
    parser.on("opentag", (tag) => this.#opened(tag));
    parser.on("closetag", (tag) => this.#closed(tag));
    parser.on("text", (text) => this.#read(text));
    parser.on("cdata", (text) => this.#read(text));
    parser.write(this.#text).close();
    if (this.#first === undefined) throw invalidXmp("it contains no rdf:Description");
    return { text: this.#text, properties: this.#properties, description: this.#first };
  }

  #opened(tag: SaxesTagNS): void {
    const depth = this.#open.push(tag);
    if (depth > mostDepth) throw invalidXmp(`its elements are more than ${mostDepth} deep`);
    const isRdf = tag.uri === rdfUri;
    if (this.#rdfDepth < 0) {
      if (isRdf && tag.local === "RDF") this.#rdfDepth = depth;
    } else if (depth === this.#rdfDepth + 1) this.#openDescription(tag);
    else if (depth === this.#rdfDepth + 2) this.#openProperty(tag, depth);
    else if (this.#property !== undefined) this.#openInside(tag, depth, this.#property);
  }

  #openDescription(tag: SaxesTagNS): void {
    this.#inFirst = false;
    if (tag.uri === rdfUri && tag.local === "Description" && this.#first === undefined) {
      const scopes = this.#open.map(({ ns }) => ns).reverse();
      const { position } = this.#parser;
      this.#inFirst = true;
      this.#first = {
        name: tag.name,
        tagEnd: position,
        closeStart: position,
        closesItself: tag.isSelfClosing,
        resolve: (prefix) => scopes.find((scope) => Object.hasOwn(scope, prefix))?.[prefix],
      };
    }
    for (const { name, uri, local, value } of Object.values(tag.attributes)) {
      if ([rdfUri, xmlUri, xmlnsUri, ""].includes(uri)) continue;
      const end = this.#attributeEnds.get(name)!;
      const texts = value.trim() === "" ? [] : [value];
      const start = this.#attributeStart(end);
      this.#properties.push({ uri, local, texts, complex: false, isAttribute: true, start, end });
    }
  }

  /** Where the attribute that ends at a place begins, with the space before it. */
  #attributeStart(end: number): number {
    const text = this.#text;
    let place = text.lastIndexOf(text[end - 1]!, end - 2) - 1;
    const pass = (isPassed: (character: string) => boolean) => {
      while (place > 0 && isPassed(text[place]!)) place--;
    };
    const isSpace = (character: string) => /\s/.test(character);
    pass((character) => isSpace(character) || character === "=");
    pass((character) => !isSpace(character));
    pass(isSpace);
    return place + 1;
  }

  #openProperty(tag: SaxesTagNS, depth: number): void {
    const { uri, local } = tag;
    const text = this.#text;
    let start = this.#tagStart;
    while (start > 0 && /\s/.test(text[start - 1]!)) start--;
    const complex = hasAttributes(tag);
    this.#property = { uri, local, start, depth, items: [], isList: false, complex, own: "" };
  }

  #openInside(tag: SaxesTagNS, depth: number, property: OpenProperty): void {
    const isRdf = tag.uri === rdfUri;
    if (depth === property.depth + 1 && isRdf && /^(?:Alt|Bag|Seq)$/.test(tag.local)) property.isList = true;
    else if (depth === property.depth + 2 && isRdf && tag.local === "li" && property.isList) this.#item = "";
    else property.complex = true;
    if (hasAttributes(tag)) property.complex = true;
  }

  #read(text: string): void {
    if (this.#item !== undefined) this.#item += text;
    else if (this.#property !== undefined) this.#property.own += text;
  }

  #closed(tag: SaxesTagNS): void {
    const depth = this.#open.length;
    this.#open.pop();
    const property = this.#property;
    if (property !== undefined && depth === property.depth) {
      const { uri, local, start, complex } = property;
      const texts = [...property.items, property.own].filter((text) => text.trim() !== "");
      const end = this.#parser.position;
      this.#properties.push({ uri, local, texts, complex, isAttribute: false, start, end });
      this.#property = undefined;
    } else if (property !== undefined && this.#item !== undefined && depth === property.depth + 2) {
      property.items.push(this.#item);
      this.#item = undefined;
    } else if (depth === this.#rdfDepth + 1 && this.#inFirst && !tag.isSelfClosing) {
      this.#first!.closeStart = this.#text.lastIndexOf("<", this.#parser.position - 1);
    }
  }
}

/** Whether an element has other attributes than its language and its prefixes. */
function hasAttributes({ attributes }: SaxesTagNS): boolean {
  return Object.values(attributes).some(
    ({ uri, prefix, local }) => uri !== xmlnsUri && prefix !== "xmlns" && local !== "xmlns" && uri !== xmlUri,
  );
}
