import { escapeXml } from "../../../../metadata/escape_xml.ts";
import type { Row } from "./rows.ts";
import { zipOf } from "./zip.ts";

/**
 * XMP sidecars in a ZIP file, `a.jpg.xmp` for `a.jpg`, in the folders that the photos came with: if you unpack the file
 * over those folders, each sidecar is next to its photo. Photos without a caption get none.
 */
export function zipOfSidecars(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  const files = new Map<string, string>();
  for (const row of rows) {
    if (row.caption.trim() === "") continue;
    const path = safePath(row.image);
    // Two photos can have the same name, if they came from two folders whose names are not known.
    let name = `${path}.xmp`;
    for (let n = 2; files.has(name); n++) name = `${path} (${n}).xmp`;
    files.set(name, sidecar(row));
  }
  return zipOf(files);
}

/** A path that stays inside the folder in which it is unpacked, on every system. */
function safePath(path: string): string {
  const parts = path
    .split(/[\\/]/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must be removed.
    .map((part) => part.replaceAll(/[\u0000-\u001f\u007f<>:"|?*]/g, "_"))
    .filter((part) => part !== "" && part !== ".");
  return parts.map((part) => (part === ".." ? "_" : part)).join("/") || "_";
}

/** The description, the alternative text (IPTC Photo Metadata Standard 2021.1) and the keywords of a photo. */
function sidecar({ caption, edited, concepts }: Row): string {
  // The model writes in lower case; a person's text is not changed.
  const text = escapeXml(edited ? caption : caption.charAt(0).toUpperCase() + caption.slice(1));
  const english = `<rdf:Alt><rdf:li xml:lang="x-default">${text}</rdf:li><rdf:li xml:lang="en">${text}</rdf:li></rdf:Alt>`;
  const keywords = concepts.map((noun) => `<rdf:li>${escapeXml(noun)}</rdf:li>`).join("");
  // `edgecap watch` may update the text that this records (see docs/metadata.md), and keeps what a person wrote.
  const wrote = `${edited ? "" : `<rdf:li>${text}</rdf:li>`}${keywords}`;
  const mark = wrote === "" ? "" : `\n      <edgecap:wrote><rdf:Bag>${wrote}</rdf:Bag></edgecap:wrote>`;
  const subject = keywords === "" ? "" : `\n      <dc:subject><rdf:Bag>${keywords}</rdf:Bag></dc:subject>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
        xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
        xmlns:edgecap="urn:edgecap:xmp:1.0/">
      <dc:description>${english}</dc:description>
      <Iptc4xmpCore:AltTextAccessibility>${english}</Iptc4xmpCore:AltTextAccessibility>${subject}${mark}
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`;
}
