import { describe, expect, test } from "bun:test";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crateParts, licencesFile, licencesText, lineOf, npmParts } from "../scripts/build/notices.ts";
import { edgecap } from "./cli/edgecap.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const licences = readFileSync(licencesFile, "utf8");
const notices = readFileSync(join(root, "THIRD_PARTY_NOTICES.md"), "utf8");

/** Lines of the list under a heading. */
function listed(heading: string): string[] {
  const [, part] = licences.split(`\n${heading}\n\n`);
  return part!
    .split("\n\n")[0]!
    .split("\n")
    .map((line) => line.trim());
}

describe("THIRD_PARTY_LICENSES.txt", () => {
  test("names every npm package inside the executable and the page", async () => {
    const parts = await npmParts();
    expect(parts.length).toBeGreaterThan(20);
    expect(listed("npm packages")).toEqual(parts.map(lineOf));
  });

  test("names every crate inside the WebAssembly", () => {
    const crates = listed("Rust crates");
    expect(crates.length).toBeGreaterThan(15);
    const locks = ["crates/text", "crates/image"].map((crate) =>
      readFileSync(join(root, crate, "Cargo.lock.txt"), "utf8"),
    );
    for (const line of crates) {
      const [, name, version] = /^(\S+) (\S+):/.exec(line)!;
      const entry = `name = "${name}"\nversion = "${version}"\n`;
      expect([line, locks.some((lock) => lock.includes(entry))]).toEqual([line, true]);
    }
    // The dependencies that a crate itself names, even without cargo to report the rest.
    for (const crate of ["crates/text", "crates/image"]) {
      const [, wanted] = readFileSync(join(root, crate, "Cargo.toml"), "utf8").split(/^\[dependencies\]$/m);
      for (const [, name] of wanted!.split(/^\[/m)[0]!.matchAll(/^([\w-]+) = /gm))
        expect([name, crates.some((line) => line.startsWith(`${name} `))]).toEqual([name, true]);
    }
  });

  const parts = Bun.which("cargo") === null ? undefined : crateParts();
  const noParts = parts === undefined ? "cargo cannot say what the crates bring along" : undefined;
  testUnless(noParts, "is what the bundler and cargo report", async () => {
    expect(licences).toBe(licencesText(await npmParts(), parts!));
  });

  test("allows what edgecap is used for", () => {
    const free = /^(?:MIT|Apache-2\.0|BSD-[23]-Clause|ISC|BlueOak-1\.0\.0|0BSD|Zlib|Unlicense|Unicode-3\.0|OR|AND)$/;
    for (const line of [...listed("npm packages"), ...listed("Rust crates")]) {
      const terms = line.split(": ")[1]!.replaceAll(/[()]/g, "").split(/[ /]+/);
      expect([line, terms.filter((term) => !free.test(term))]).toEqual([line, []]);
    }
  });

  test("is printed by edgecap licences", async () => {
    expect(await edgecap(["licences"])).toEqual({ status: 0, stdout: licences, stderr: "" });
  });
});

describe("THIRD_PARTY_NOTICES.md", () => {
  test("names every example picture, and the documents' pictures that are made of photos", () => {
    const pictures = globSync(["examples/*.jpg", "docs/images/*.jpg"], { cwd: root });
    expect(pictures.length).toBeGreaterThan(5);
    for (const picture of pictures) expect(notices).toContain(`\`${picture}\``);
  });

  test("names every file of the default bundle that holds weights or data", () => {
    const { files, provenance } = JSON.parse(readFileSync(join(root, "models/default/manifest.json"), "utf8"));
    for (const { path } of Object.values(files as Record<string, { path: string }>))
      expect([path, notices.includes(path.replace(/^decoder_\w+/, "decoder_*"))]).toEqual([path, true]);
    expect(JSON.stringify(provenance)).toContain("Flickr8k");
    expect(notices).toContain("Flickr8k");
  });

  test("has a licence next to it", () => {
    expect(readFileSync(join(root, "LICENSE"), "utf8")).toStartWith("MIT License");
    expect(existsSync(join(root, "CHANGELOG.md"))).toBe(true);
  });
});
