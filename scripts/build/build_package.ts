/**
 * Builds the npm package: `bun run build:package [--out dist/package]`. Then run `npm pack` or `npm publish` there.
 *
 * It contains JavaScript with types, because neither Node nor Deno runs TypeScript from a package, the WebAssembly, the
 * bundles and the licences.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import packageJson from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The types of the WebAssembly that the package exports. */
const moduleTypes = "src/lite/wasm_module.d.ts";

const copied = [
  "crates/text/pkg",
  "crates/image/pkg",
  "crates/engine/pkg",
  moduleTypes,
  "models/default",
  "models/fast",
  "LICENSE",
  "THIRD_PARTY_LICENSES.txt",
  "THIRD_PARTY_NOTICES.md",
  "CHANGELOG.md",
];

/** The README for users of the package; the repository's README is for its checkout. */
const readme = "docs/package/README.md";

/**
 * onnxruntime-web for browsers, by the name of its import: builds that do not refer to a WebAssembly file. With others,
 * bundlers would include 14 or 27 MB that no page uses. Its package only exports them under a condition
 * that every user would have to set.
 */
const browserOrt = {
  "#onnxruntime": "ort.wasm.min.mjs",
  "#onnxruntime-webgpu": "ort.webgpu.min.mjs",
} as const;

/** Their place in the package. */
const browserOrtFolder = "src/platform/onnxruntime";

/** The path in the package of a file of the sources. */
const built = (path: string): string => path.replace(/\.ts$/, ".js");

/** The published package.json: with paths of JavaScript, and without what only a checkout needs. */
export function publishedManifest(): Record<string, unknown> {
  const { name, version, description, license, type, keywords, dependencies, peerDependencies } = packageJson;
  const exports = Object.entries(packageJson.exports).map(([path, source]) => [
    path,
    source.endsWith(".ts")
      ? { types: source.replace(/\.ts$/, ".d.ts"), default: built(source) }
      : { types: `./${moduleTypes}`, default: source },
  ]);
  const imports = Object.entries(packageJson.imports).map(([path, choices]) => {
    const file = browserOrt[path as keyof typeof browserOrt];
    const browser = file === undefined ? {} : { browser: `./${browserOrtFolder}/${file}` };
    const all = Object.entries(choices).map(([condition, source]) => [condition, built(source)]);
    // The first matching condition decides, so this one comes before the default.
    return [path, { ...browser, ...Object.fromEntries(all), ...browser }];
  });
  // npm needs the repository to prove where a package was built; package.json does not name one yet.
  const { repository }: { readonly repository?: unknown } = packageJson as object;
  return {
    ...{ name, version, description, license, type, keywords },
    ...(repository !== undefined && { repository }),
    bin: { edgecap: built(packageJson.bin.edgecap) },
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    imports: Object.fromEntries(imports),
    sideEffects: false,
    engines: packageJson.engines,
    ...{ dependencies, peerDependencies },
    peerDependenciesMeta: packageJson.peerDependenciesMeta,
  };
}

/**
 * Builds the package into a folder, and replaces what is there.
 *
 * @throws {Error} with the compiler's message, if it refuses the sources.
 */
export function buildPackage(out: string): void {
  const unfinished = `${out}.${process.pid}.part`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const flags = ["-p", "tsconfig.package.json", "--outDir", unfinished];
  const { status, stdout } = spawnSync("node", [compiler, ...flags], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`The package does not compile:\n${stdout}`);
  for (const path of globSync("src/**/*.d.ts", { cwd: unfinished })) {
    const file = join(unfinished, path);
    const text = readFileSync(file, "utf8");
    // Types inferred by the compiler refer to the sources.
    writeFileSync(file, text.replace(/import\("(\.[^"]+)\.ts"\)/g, 'import("$1.js")'));
  }
  for (const path of globSync("src/**/*.js", { cwd: unfinished })) {
    const file = join(unfinished, path);
    const text = readFileSync(file, "utf8");
    // Workers are referred to by address, which the compiler does not change.
    const rewritten = text
      .replace(/new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g, 'new URL("$1.js", import.meta.url)')
      // Here it is JavaScript, which every runtime runs; npx uses Node.
      .replace(/^#!\/usr\/bin\/env bun/, "#!/usr/bin/env node");
    if (rewritten !== text) writeFileSync(file, rewritten);
  }
  for (const path of copied) {
    const target = join(unfinished, path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, path), target, { recursive: true, filter: (source) => !source.endsWith(".gitignore") });
  }
  for (const file of globSync("crates/*/pkg/*.js", { cwd: unfinished })) dropDefaultModule(join(unfinished, file));
  cpSync(join(root, readme), join(unfinished, "README.md"));
  for (const file of Object.values(browserOrt)) copyOrt(file, join(unfinished, browserOrtFolder));
  writeFileSync(join(unfinished, "package.json"), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
  rmSync(out, { recursive: true, force: true });
  renameSync(unfinished, out);
}

/**
 * Removes the default address of a module from wasm-bindgen's output: edgecap always passes the module, and a bundler
 * would include a file that no page uses.
 */
function dropDefaultModule(file: string): void {
  const text = readFileSync(file, "utf8");
  const place = /new URL\('[^']+\.wasm', import\.meta\.url\)/g;
  if (text.match(place)?.length !== 1)
    throw new Error(`"${file}" does not name its module exactly once: check what changed.`);
  writeFileSync(file, text.replace(place, "undefined"));
}

/** Copies a build of onnxruntime-web without a reference to its source map, which is too large to include. */
function copyOrt(file: string, folder: string): void {
  const text = readFileSync(join(root, "node_modules/onnxruntime-web/dist", file), "utf8");
  if (/new URL\("[^"]*\.wasm"/.test(text))
    throw new Error(`"${file}" refers to a WebAssembly file: choose another build.`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist/package") } } });
  const out = resolve(values.out);
  buildPackage(out);
  console.log(`Built ${out}. Next: npm pack ${out}`);
}
