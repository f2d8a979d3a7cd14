import { rm } from "node:fs/promises";
import type { Concept } from "../concepts/likely_concepts.ts";
import { readIfThere } from "../files/read_regular.ts";
import { writeWhole } from "../files/write_whole.ts";
import { escapeXml } from "./escape_xml.ts";
import { altText, foreign } from "./gallery.ts";

const creator = "<xmp:CreatorTool>edgecap</xmp:CreatorTool>";

/** Path of a picture's sidecar: its own with `.xmp` behind it, as darktable and digiKam have it. */
function sidecarPath(picture: string): string {
  return `${picture}.xmp`;
}

/** Less likely nouns are left out of the keywords. */
const leastKeyword = 0.5;

/** What goes into a sidecar. */
export interface SidecarContent {
  /** Nothing where none is believed. */
  readonly caption?: string | undefined;
  /** What the picture shows. */
  readonly concepts?: readonly Concept[] | undefined;
}

/**
 * Writes the caption of a picture beside it, as its description (`dc:description`) and its alternative text
 * (`Iptc4xmpCore:AltTextAccessibility`, IPTC Photo Metadata Standard 2021.1), and what it likely shows as keywords
 * (`dc:subject`). With neither, a sidecar of edgecap's that is there is removed.
 *
 * @throws {EdgecapError} `data-invalid` where the sidecar is of another program; `file-unreadable` where it cannot be told; `file-unwritable`.
 */
export async function writeXmpSidecar(picture: string, content: SidecarContent): Promise<void> {
  const path = sidecarPath(picture);
  if (content.caption === undefined && keywordsOf(content).length === 0) return await removeXmpSidecar(picture);
  if ((await isOwn(path)) === false) throw foreign(path);
  await writeWhole(path, xmpSidecar(content));
}

/** Removes the sidecar of a picture that is gone, where edgecap wrote it. */
export async function removeXmpSidecar(picture: string): Promise<void> {
  const path = sidecarPath(picture);
  if (await isOwn(path)) await rm(path, { force: true });
}

/** Whether edgecap wrote a sidecar; `undefined` where there is none. */
async function isOwn(path: string): Promise<boolean | undefined> {
  const bytes = await readIfThere(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes).includes(creator);
}

function keywordsOf({ concepts = [] }: SidecarContent): string[] {
  return concepts.filter(({ probability }) => probability >= leastKeyword).map(({ name }) => name);
}

/** The sidecar's text. */
export function xmpSidecar(content: SidecarContent): string {
  const keywords = keywordsOf(content).map((keyword) => `<rdf:li>${escapeXml(keyword)}</rdf:li>`);
  const subject = `\n      <dc:subject><rdf:Bag>${keywords.join("")}</rdf:Bag></dc:subject>`;
  const texts = content.caption === undefined ? "" : textsOf(content.caption);
  const properties = `${texts}${keywords.length === 0 ? "" : subject}`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
        xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">
      ${creator}${properties}
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`;
}

function textsOf(caption: string): string {
  const text = escapeXml(altText(caption));
  const inEnglish = `<rdf:Alt><rdf:li xml:lang="x-default">${text}</rdf:li><rdf:li xml:lang="en">${text}</rdf:li></rdf:Alt>`;
  return `
      <dc:description>${inEnglish}</dc:description>
      <Iptc4xmpCore:AltTextAccessibility>${inEnglish}</Iptc4xmpCore:AltTextAccessibility>`;
}
