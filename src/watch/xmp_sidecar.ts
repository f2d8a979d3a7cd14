import { rm } from "node:fs/promises";
import { readIfThere } from "../files/read_regular.ts";
import { writeWhole } from "../files/write_whole.ts";
import { escapeXml } from "./escape_xml.ts";
import { altText, foreign } from "./gallery.ts";

const creator = "<xmp:CreatorTool>edgecap</xmp:CreatorTool>";

/** Path of a picture's sidecar: its own with `.xmp` behind it, as darktable and digiKam have it. */
function sidecarPath(picture: string): string {
  return `${picture}.xmp`;
}

/**
 * Writes the caption of a picture beside it, as its description (`dc:description`) and its alternative text
 * (`Iptc4xmpCore:AltTextAccessibility`, IPTC Photo Metadata Standard 2021.1).
 *
 * @throws {EdgecapError} `data-invalid` where the sidecar is of another program; `file-unreadable` where it cannot be told; `file-unwritable`.
 */
export async function writeXmpSidecar(picture: string, caption: string): Promise<void> {
  const path = sidecarPath(picture);
  if ((await isOwn(path)) === false) throw foreign(path);
  await writeWhole(path, xmpSidecar(caption));
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

/** The sidecar's text. */
export function xmpSidecar(caption: string): string {
  const text = escapeXml(altText(caption));
  const inEnglish = `<rdf:Alt><rdf:li xml:lang="x-default">${text}</rdf:li><rdf:li xml:lang="en">${text}</rdf:li></rdf:Alt>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
        xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">
      ${creator}
      <dc:description>${inEnglish}</dc:description>
      <Iptc4xmpCore:AltTextAccessibility>${inEnglish}</Iptc4xmpCore:AltTextAccessibility>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`;
}
