/**
 * Checks that the committed pkg folders were built from the sources next to them.
 *
 * `bun scripts/check/check_wasm.ts [CRATE...]` compares hashes; `--rebuild` builds again and compares bytes;
 * `--record CRATE --pkg FOLDER` writes the hashes of a build, as build_wasm.sh does.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** The crates whose builds are committed. */
export const CRATES = ["crates/text", "crates/image", "crates/engine"];

/** The file in pkg that holds the hashes. */
const RECORD = "sources.sha256";

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

/**
 * SHA-256 over path and content of what a crate is built from: Cargo.toml, Cargo.lock.txt, build.rs and src, in path
 * order.
 */
export function hashSources(crate: string): string {
  const own = ["Cargo.toml", "Cargo.lock.txt", "build.rs"].map((name) => join(crate, name));
  const files = [...own.filter((file) => existsSync(file)), ...filesUnder(join(crate, "src"))];
  const lines = files.map((file) => `${sha256(readFileSync(file))}  ${relative(crate, file).split(sep).join("/")}\n`);
  return sha256(lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(""));
}

/**
 * What {@linkcode recordBuild} writes and {@linkcode checkBuild} expects: the sources, then every file of the build.
 */
function describeBuild(crate: string, pkg: string): string {
  const files = readdirSync(pkg).filter((name) => name !== RECORD);
  const lines = files.sort().map((name) => `${sha256(readFileSync(join(pkg, name)))}  ${name}\n`);
  return `${hashSources(crate)}  sources\n${lines.join("")}`;
}

/** Writes the hashes of a crate's sources and of their build into the build. */
export function recordBuild(crate: string, pkg: string): void {
  writeFileSync(join(pkg, RECORD), describeBuild(crate, pkg));
}

/** What is wrong with the build `crate/pkg`, one sentence each; empty if it comes from the sources. */
export function checkBuild(crate: string): string[] {
  const pkg = join(crate, "pkg");
  const record = join(pkg, RECORD);
  if (!existsSync(record)) return [`There is no "${record}": build the crate with scripts/build/build_wasm.sh.`];
  const parse = (text: string) =>
    new Map(
      text
        .trimEnd()
        .split("\n")
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
  const recorded = parse(readFileSync(record, "utf8"));
  const present = parse(describeBuild(crate, pkg));
  const names = new Set([...recorded.keys(), ...present.keys()]);
  return [...names].flatMap((name) => {
    if (recorded.get(name) === present.get(name)) return [];
    const what =
      name === "sources"
        ? `The sources of "${crate}" have changed since it was built`
        : `"${join(pkg, name)}" is not the one that was built`;
    return [`${what}: run scripts/build/build_wasm.sh and commit the result.`];
  });
}

/** What differs between the build of `crate` in `root` and a fresh one, one sentence each. */
export function checkRebuild(root: string, crate: string): string[] {
  const out = mkdtempSync(join(tmpdir(), "edgecap-wasm-"));
  try {
    const build = spawnSync("bash", [join(root, "scripts/build/build_wasm.sh"), crate], {
      env: { ...process.env, OUT: out },
      stdio: "inherit",
    });
    if (build.status !== 0) return [`Building "${crate}" again failed with status ${build.status}: see above.`];
    const [fresh, committed] = [join(out, crate, "pkg"), join(root, crate, "pkg")];
    const names = new Set([...readdirSync(fresh), ...readdirSync(committed)]);
    return [...names].flatMap((name) => {
      const [a, b] = [join(fresh, name), join(committed, name)];
      if (existsSync(a) && existsSync(b) && readFileSync(a).equals(readFileSync(b))) return [];
      return [
        `"${join(crate, "pkg", name)}" differs from a fresh build: run scripts/build/build_wasm.sh and commit it.`,
      ];
    });
  } finally {
    rmSync(out, { recursive: true });
  }
}

function main(): void {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const { values, positionals } = parseArgs({
    options: { rebuild: { type: "boolean" }, record: { type: "string" }, pkg: { type: "string" } },
    allowPositionals: true,
  });
  if (values.record !== undefined) {
    const crate = join(root, values.record);
    recordBuild(crate, values.pkg ?? join(crate, "pkg"));
    return;
  }
  const crates = positionals.length > 0 ? positionals : CRATES;
  const problems = crates.flatMap((crate) => [
    ...checkBuild(join(root, crate)),
    ...(values.rebuild === true ? checkRebuild(root, crate) : []),
  ]);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
  console.log(`The builds of ${crates.join(" and ")} come from their sources.`);
}

if (import.meta.main) main();
