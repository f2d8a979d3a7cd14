/**
 * Writes THIRD_PARTY_LICENSES.txt: what is compiled into the executable, its page and its WebAssembly, each with
 * version, licence and the licence's text.
 *
 * usage: bun run notices     (needs cargo, which knows the dependencies of a crate)
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The list. */
export const licencesFile = join(root, "THIRD_PARTY_LICENSES.txt");

/** A package that is part of what edgecap ships. */
export interface Part {
  readonly name: string;
  readonly version: string;
  /** In SPDX's terms. */
  readonly licence: string;
  /** Where the text of its licence is. */
  readonly folder: string;
  /** Files there, besides its licence, that name its parts. */
  readonly more?: readonly string[];
}

/**
 * What the executable and the page are bundled from, as scripts/build/compile.ts and scripts/build/build_page.ts do it.
 */
const bundles = [
  { entrypoints: ["src/cli/executable.ts", "src/pool/worker.ts"], target: "bun" },
  { entrypoints: ["src/server/page/client/main.ts"], target: "browser" },
] as const;

/** The npm packages of which something is inside the executable or the page, by name. */
export async function npmParts(): Promise<Part[]> {
  const found = new Map<string, Part>();
  for (const { entrypoints, target } of bundles) {
    const { success, logs, metafile } = await Bun.build({
      entrypoints: entrypoints.map((entry) => join(root, entry)),
      target,
      external: ["onnxruntime-node", "webgpu", "@huggingface/transformers", "srvx/node"],
      metafile: true,
      throw: false,
    });
    if (!success || metafile === undefined) throw new Error(`Cannot bundle ${entrypoints[0]}: ${logs.join("\n")}`);
    for (const output of Object.values(metafile.outputs))
      for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
        const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(join(root, path))?.[0];
        if (folder === undefined || bytesInOutput === 0) continue;
        const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        found.set(`${name} ${version}`, { name, version, licence: license, folder });
      }
  }
  // Swagger UI is taken as its makers built it: scripts/build/build_api_page.ts.
  const folder = join(root, "node_modules/swagger-ui-dist");
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  found.set(name, { name, version, licence: license, folder, more: ["swagger-ui-bundle.js.LICENSE.txt"] });
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The crates inside the committed WebAssembly, by name; `undefined` if cargo cannot say. */
export function crateParts(): Part[] | undefined {
  const found = new Map<string, Part>();
  for (const crate of ["crates/text", "crates/image"]) {
    const cargo = (...args: string[]) => {
      const options = { cwd: join(root, crate), env: { ...process.env, ...toolchain() }, encoding: "utf8" } as const;
      return spawnSync("cargo", args, { ...options, maxBuffer: 2 ** 28 });
    };
    if (spawnSync(process.execPath, ["scripts/build/cargo_lock.ts", "restore", crate], { cwd: root }).status !== 0)
      return;
    const target = ["--locked", "--target", "wasm32-unknown-unknown"];
    const tree = cargo("tree", ...target, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}");
    const metadata = cargo("metadata", "--locked", "--format-version", "1");
    if (tree.status !== 0 || metadata.status !== 0) return;
    const { packages } = JSON.parse(metadata.stdout) as {
      packages: { name: string; version: string; manifest_path: string }[];
    };
    for (const line of tree.stdout.split("\n")) {
      const [, name, version, licence] = /^(\S+) v(\S+)[^|]*\|(.*?)(?: \(\*\))?$/.exec(line) ?? [];
      if (name === undefined || name.startsWith("edgecap")) continue;
      const manifest = packages.find((one) => one.name === name && one.version === version)!.manifest_path;
      found.set(`${name} ${version}`, { name, version: version!, licence: licence!, folder: dirname(manifest) });
    }
  }
  return [...found.values()].sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** The installed toolchain, if the one that the crates require would have to be downloaded. */
function toolchain(): Record<string, string> {
  const { stdout } = spawnSync("rustup", ["toolchain", "list"], { encoding: "utf8" });
  const standard = stdout
    ?.split("\n")
    .find((line) => line.includes("default"))
    ?.split(" ")[0];
  return standard === undefined ? {} : { RUSTUP_TOOLCHAIN: standard };
}

/** A line of the list. */
export const lineOf = ({ name, version, licence }: Part): string => `${name} ${version}: ${licence}`;

/** Packages that come without the text of their licence, with the holders of their copyright. */
const holders: Readonly<Record<string, string>> = {
  "onnxruntime-common": "Copyright (c) Microsoft Corporation",
  "onnxruntime-web": "Copyright (c) Microsoft Corporation",
  saxes:
    "Copyright (c) Contributors\nCopyright (c) Isaac Z. Schlueter and Contributors (sax, of which saxes is a fork)",
};

/** A package with the text of the ISC licence, for packages that come without it. */
const iscSample = join(root, "node_modules/picocolors/LICENSE");

/** The text of a part's licence; if there is a choice, one other than Apache's. */
function textOf({ name, licence, folder, more = [] }: Part, mit: string): string {
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|unlicense|notice)/i.test(file));
  const chosen = files.length > 1 ? files.filter((file) => !/apache/i.test(file)) : files;
  if (chosen.length === 0) {
    const holder = holders[name];
    if (holder === undefined) throw new Error(`${name} comes without the text of its licence: add its holder.`);
    const sample = licence === "ISC" ? readFileSync(iscSample, "utf8").trim() : mit;
    return sample.replace(/^Copyright.*$/m, holder);
  }
  return [...chosen.sort(), ...more]
    .map((file) =>
      readFileSync(join(folder, file), "utf8")
        .replaceAll("\r\n", "\n")
        .replaceAll(/[ \t]+$/gm, "")
        .trim(),
    )
    .join("\n\n");
}

/** The complete file. */
export function licencesText(npm: readonly Part[], crates: readonly Part[]): string {
  const mit = readFileSync(join(root, "LICENSE"), "utf8").trim();
  const texts = new Map<string, string[]>();
  for (const part of [...npm, ...crates]) {
    const text = textOf(part, mit);
    texts.set(text, [...(texts.get(text) ?? []), `${part.name} ${part.version}`]);
  }
  const rule = "-".repeat(80);
  return `What is compiled into edgecap's executable, its page and its WebAssembly, and was made by others.
Written by "bun run notices". THIRD_PARTY_NOTICES.md says the same of weights, data and pictures, and of Bun.

npm packages

${npm.map((part) => `  ${lineOf(part)}`).join("\n")}

Rust crates

${crates.map((part) => `  ${lineOf(part)}`).join("\n")}

${[...texts].map(([text, names]) => `${rule}\n${names.join(", ")}\n${rule}\n\n${text}\n`).join("\n")}`;
}

if (import.meta.main) {
  const crates = crateParts();
  if (crates === undefined)
    throw new Error("cargo cannot list what is in the crates: install it, and run this online once.");
  const npm = await npmParts();
  writeFileSync(licencesFile, licencesText(npm, crates));
  console.log(`Wrote ${npm.length} packages and ${crates.length} crates.`);
}
