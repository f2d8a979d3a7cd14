/**
 * Checks that builds repeat byte for byte: builds in two folders of different names and compares.
 *
 * usage: bun scripts/check/check_reproducible.ts wasm|package|executable
 *
 * Exits with 77 if it cannot build here. The wasm is also compared with the committed one.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The exit status of a script that cannot run here; see scripts/ok/run_steps.ts. */
const SKIPPED = 77;

function run(cwd: string, command: string, args: readonly string[], env: Record<string, string> = {}): string {
  const result = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"]}`, ...env },
    maxBuffer: 2 ** 28,
  });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ${args.join(" ")} ended with ${result.status}: ${result.stderr}${result.stdout}`);
}

/** Builds in a copy of the checkout, and returns the place of the files that are shipped. */
const builds: Readonly<Record<string, (copy: string, out: string) => string>> = {
  wasm: (copy, out) => {
    run(copy, "bash", ["scripts/build/build_wasm.sh"], { OUT: out });
    return out;
  },
  package: (copy, out) => {
    const folder = join(copy, "dist/package");
    run(copy, process.execPath, ["scripts/build/build_package.ts", "--out", folder]);
    run(copy, "npm", ["pack", folder, "--pack-destination", out]);
    return out;
  },
  executable: (copy, out) => {
    // Outside the repository, so that a commit in the meantime makes no difference.
    const env = { GIT_CEILING_DIRECTORIES: dirname(copy) };
    run(copy, process.execPath, ["scripts/build/compile.ts", "--out", join(out, "edgecap")], env);
    return out;
  },
};

/** Copies what git tracks or would track, and node_modules as links to the same bytes. */
function copyCheckout(to: string): void {
  const listed = run(root, "git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  for (const path of new Set(listed.split("\0").filter((path) => path !== "" && existsSync(join(root, path))))) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(root, path), join(to, path));
  }
  run(root, "cp", ["-al", join(root, "node_modules"), join(to, "node_modules")]);
}

/** SHA-256 of every file under a folder, by its path. */
function hashes(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .sort()
      .map((path) => [
        path,
        createHash("sha256")
          .update(readFileSync(join(folder, path)))
          .digest("hex"),
      ]),
  );
}

/** What differs between two builds, by path; nothing if they are the same. */
function differences(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path)).sort();
}

function main(): void {
  const [what = ""] = process.argv.slice(2);
  const build = builds[what];
  if (build === undefined) {
    console.error(`usage: bun scripts/check/check_reproducible.ts ${Object.keys(builds).join("|")}`);
    process.exit(2);
  }
  const prefix = process.env["RUST_WASM_PREFIX"] ?? join(homedir(), ".rust-wasm");
  if (what === "wasm" && !existsSync(join(prefix, "toolchain"))) {
    console.log("the toolchain of scripts/build/setup_rust_wasm.sh is not installed");
    process.exit(SKIPPED);
  }
  const scratch = join(root, `.cache/reproducible-${process.pid}`);
  try {
    const [one, other] = ["one", "a folder with another name"].map((name) => {
      const [copy, out] = [join(scratch, name), join(scratch, "out", name)];
      mkdirSync(out, { recursive: true });
      copyCheckout(copy);
      return hashes(build(copy, out));
    }) as [Map<string, string>, Map<string, string>];
    if (one.size === 0) throw new Error("Nothing was built.");
    const differing = differences(one, other);
    for (const path of differing) console.error(`"${path}" differs between two builds of the same sources.`);
    for (const [path, hash] of one) {
      const committed = join(root, path);
      if (what !== "wasm" || !existsSync(committed)) continue;
      if (hash === createHash("sha256").update(readFileSync(committed)).digest("hex")) continue;
      differing.push(path);
      console.error(`"${path}" does not match its sources: run scripts/build/build_wasm.sh and commit the result.`);
    }
    if (differing.length > 0) process.exitCode = 1;
    else console.log(`${[...one.keys()].join(", ")}: the same bytes from two folders.`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (import.meta.main) main();
