import { withoutNuls } from "../files/without_nuls.ts";
import { escapeXml } from "./escape_xml.ts";
import { readXmp, type XmpDocument, type XmpProperty } from "./xmp_document.ts";

/** Name of a property of XMP, and whether it holds a text by languages or a list. */
export interface XmpName {
  readonly prefix: string;
  readonly uri: string;
  readonly local: string;
  readonly kind: "languages" | "list";
}

const dc = "http://purl.org/dc/elements/1.1/";

/** The properties that edgecap writes. */
export const xmpNames = {
  /** Description of the picture, for people who can see it. */
  description: { prefix: "dc", uri: dc, local: "description", kind: "languages" },
  /** Alternative text: IPTC Photo Metadata Standard 2021.1. */
  altText: {
    prefix: "Iptc4xmpCore",
    uri: "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    local: "AltTextAccessibility",
    kind: "languages",
  },
  /** Keywords. */
  subject: { prefix: "dc", uri: dc, local: "subject", kind: "list" },
  /** The texts and keywords of the picture that edgecap wrote, to recognise them later. */
  wrote: { prefix: "edgecap", uri: "urn:edgecap:xmp:1.0/", local: "wrote", kind: "list" },
} as const satisfies Readonly<Record<string, XmpName>>;

const rdf = { prefix: "rdf", uri: "http://www.w3.org/1999/02/22-rdf-syntax-ns#" };
const xmp = "http://ns.adobe.com/xap/1.0/";

/** A packet without a property. */
const emptyPacket = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="${rdf.uri}">
    <rdf:Description rdf:about=""
        xmlns:dc="${dc}"
        xmlns:Iptc4xmpCore="${xmpNames.altText.uri}"
        xmlns:edgecap="${xmpNames.wrote.uri}"/>
  </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`;

/** The content of a property in a packet. */
export interface XmpValue {
  readonly texts: readonly string[];
  /** It holds more than texts. */
  readonly complex: boolean;
}

/** An XMP packet that can be read and changed; everything else stays as it was, byte for byte. */
export class XmpPacket {
  #document: XmpDocument;
  /** NULs that some programs end a packet with. */
  readonly #tail: string;

  /**
   * @param text The packet; a new one if it is `undefined`.
   * @throws {EdgecapError} `data-invalid` if it cannot be read.
   */
  constructor(text: string | undefined) {
    const body = withoutNuls(text ?? emptyPacket);
    this.#tail = (text ?? "").slice(body.length);
    this.#document = readXmp(body);
  }

  /** The packet as it is now. */
  get text(): string {
    return this.#document.text + this.#tail;
  }

  /** Whether it holds no property. */
  get isEmpty(): boolean {
    return this.#document.properties.length === 0;
  }

  /** Whether it holds properties that edgecap does not write. */
  get holdsOthers(): boolean {
    const own: readonly XmpName[] = Object.values(xmpNames);
    return this.#document.properties.some((property) => !own.some((name) => isNamed(property, name)));
  }

  /** The content of a property. */
  get(name: XmpName): XmpValue {
    const found = this.#document.properties.filter((property) => isNamed(property, name));
    return { texts: found.flatMap(({ texts }) => texts), complex: found.some(({ complex }) => complex) };
  }

  /** Replaces a property; no texts remove it. */
  set(name: XmpName, texts: readonly string[]): void {
    this.#replace((property) => isNamed(property, name), texts.length === 0 ? undefined : [name, texts]);
  }

  /** Removes the name of the tool as versions before 0.1.0 wrote it; `false` if it is another's, or missing. */
  removeOldMark(): boolean {
    const isMark = ({ uri, local, texts }: XmpProperty) =>
      uri === xmp && local === "CreatorTool" && texts.join() === "edgecap";
    const found = this.#document.properties.some(isMark);
    if (found) this.#replace(isMark, undefined);
    return found;
  }

  #replace(isOld: (property: XmpProperty) => boolean, added: readonly [XmpName, readonly string[]] | undefined): void {
    const { text, properties, description } = this.#document;
    const old = properties.filter(isOld);
    if (old.length === 0 && added === undefined) return;
    const edits = old.map(({ start, end }) => ({ start, end, by: "" }));
    if (added !== undefined) {
      const { start, tagEnd, closeStart } = { start: 0, ...description };
      // The first element shows the indentation.
      const sample = properties.find((p) => !p.isAttribute && p.start >= tagEnd && p.start < closeStart);
      const space = sample === undefined ? "\n      " : /^\s*/.exec(text.slice(sample.start))![0];
      const element = `${space}${this.#element(...added)}`;
      if (description.closesItself) {
        const outer = space.replace(/ {2}$/, "");
        edits.push({ start: tagEnd - 2, end: tagEnd, by: `>${element}${outer}</${description.name}>` });
      } else {
        let place = closeStart;
        while (place > Math.max(start, tagEnd) && /\s/.test(text[place - 1]!)) place--;
        edits.push({ start: place, end: place, by: element });
      }
    }
    // From the end, so that earlier offsets stay correct; at one place, a removal comes before an addition.
    edits.sort((a, b) => b.start - a.start || b.end - a.end);
    let edited = text;
    for (const { start, end, by } of edits) edited = edited.slice(0, start) + by + edited.slice(end);
    this.#document = readXmp(edited);
  }

  #element(name: XmpName, texts: readonly string[]): string {
    const { resolve } = this.#document.description;
    const declared = [name, rdf].flatMap(({ prefix, uri }) =>
      resolve(prefix) === uri ? [] : [` xmlns:${prefix}="${uri}"`],
    );
    const items =
      name.kind === "list"
        ? `<rdf:Bag>${texts.map((text) => `<rdf:li>${escapeXml(text)}</rdf:li>`).join("")}</rdf:Bag>`
        : `<rdf:Alt>${languages.map((language) => `<rdf:li xml:lang="${language}">${escapeXml(texts[0]!)}</rdf:li>`).join("")}</rdf:Alt>`;
    return `<${name.prefix}:${name.local}${declared.join("")}>${items}</${name.prefix}:${name.local}>`;
  }
}

/** Captions are English, and they are also the default if no language is requested. */
const languages = ["x-default", "en"];

function isNamed({ uri, local }: XmpProperty, name: XmpName): boolean {
  return uri === name.uri && local === name.local;
}
