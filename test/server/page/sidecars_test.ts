import { describe, expect, test } from "bun:test";
import { isOwnSidecar, writeIntoSidecar } from "../../../src/metadata/picture_text.ts";
import { zipOfSidecars } from "../../../src/server/page/client/export/sidecars.ts";

const photo = { image: "a.jpg", caption: "a cat", edited: false, concepts: ["cat"] };

/** The first sidecar of a ZIP file, which holds it as it is. */
function sidecarOf(row: typeof photo): string {
  const rows = [row] as unknown as Parameters<typeof zipOfSidecars>[0];
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(zipOfSidecars(rows));
  return /<\?xpacket begin.*<\?xpacket end="w"\?>/s.exec(text)![0];
}

describe("zipOfSidecars()", () => {
  test("writes sidecars that a later run of the command line recognises and updates", () => {
    const sidecar = sidecarOf(photo);
    expect(isOwnSidecar(sidecar)).toBe(true);
    const { text } = writeIntoSidecar(sidecar, new Uint8Array(), { caption: "A dog", keywords: [] });
    expect(text).toContain(">A dog<");
    expect(text).not.toContain("cat");
  });

  test("keeps what a person wrote", () => {
    const sidecar = sidecarOf({ ...photo, caption: "Our Tom", edited: true });
    expect(isOwnSidecar(sidecar)).toBe(false);
    const { text } = writeIntoSidecar(sidecar, new Uint8Array(), { caption: "A dog", keywords: ["dog"] });
    expect(text).toContain(">Our Tom<");
    expect(text).not.toContain("A dog");
    expect(text).toContain("<rdf:li>dog</rdf:li>");
  });
});
