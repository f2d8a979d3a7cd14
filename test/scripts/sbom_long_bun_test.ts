import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { crateParts, licencesFile, lineOf, npmParts } from "../../scripts/build/notices.ts";
import { billOfMaterials } from "../../scripts/build/sbom.ts";
import { testUnless } from "../skip.ts";

const crates = Bun.which("cargo") === null ? undefined : crateParts();
const noCrates = crates === undefined ? "cargo cannot say what the crates bring along" : undefined;

testUnless(
  noCrates,
  "the bill of materials names what THIRD_PARTY_LICENSES.txt does, and is the same twice",
  async () => {
    const npm = await npmParts();
    const text = await billOfMaterials(npm, crates!);
    expect(await billOfMaterials(npm, crates!)).toBe(text);
    const { components } = JSON.parse(text) as { components: { name: string; version: string; purl?: string }[] };
    const found = components.filter(({ purl }) => purl !== undefined).map(({ name, version }) => `${name} ${version}`);
    expect(found.sort()).toEqual([...npm, ...crates!].map(({ name, version }) => `${name} ${version}`).sort());
    const licences = readFileSync(licencesFile, "utf8");
    for (const part of [...npm, ...crates!]) expect(licences).toContain(lineOf(part));
    expect(components.map(({ name }) => name)).toContain("edgecap-attention");
  },
);
