import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countBun, countCargo, countDeno } from "./counts.ts";
import type { Step } from "./run_steps.ts";

/** The crates, each a folder of the repository. */
const CRATES = ["crates/text", "crates/image", "crates/engine"];

/** The crates that fuzz the crates that read text or bytes. */
const FUZZ_CRATES = ["crates/text/fuzz", "crates/image/fuzz"];

/** Folders under `test/` for code that computes on bytes and text, and hardly notices which runtime it is on. */
const NEUTRAL = [
  ...["concepts", "confidence", "dataset", "decode", "evaluation", "export", "metadata", "retrieval"],
  ...["server/chat", "server/page", "site", "text", "training"],
];

/**
 * A test file that `ok` runs only on Bun, and `ok:all` also on Deno. It tests code that does not depend on the runtime,
 * the repository itself, or the image decoder's memory, which belongs to the WebAssembly.
 */
function isNeutral(file: string): boolean {
  return (
    NEUTRAL.some((folder) => file.startsWith(`./test/${folder}/`)) ||
    /^\.\/test\/[^/]+$/.test(file) ||
    file === "./test/image/limits_test.ts"
  );
}

/** A test file that only `ok:all` runs. */
function isLong(file: string): boolean {
  return /_long(?:_bun)?_test\.ts$/.test(file);
}

function has(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** All test files under `test/`, as runners take them. */
function testFiles(root: string): string[] {
  return globSync("test/**/*_test.ts", { cwd: root })
    .map((file) => `./${file}`)
    .sort();
}

/** How {@linkcode testSteps} chooses and runs tests. */
interface TestTier {
  /** The tests that only `ok:all` runs, or those that `ok` runs. */
  readonly long: boolean;
  /** Whether to try costly properties in full; see `test/runs.ts`. */
  readonly allRuns: boolean;
}

/** The tests on Bun and those on Deno, quick or long, whose reports go into the folder `scratch`. */
export function testSteps(root: string, scratch: string, { long, allRuns }: TestTier): Step[] {
  const prefix = long ? "long tests" : "tests";
  const files = testFiles(root);
  const report = (runtime: string) => join(scratch, `${prefix.replace(" ", "_")}_${runtime}.xml`);
  const [bun, deno] = [report("bun"), report("deno")];
  const env = allRuns ? { EDGECAP_ALL_RUNS: "1" } : {};
  return [
    {
      name: `${prefix} on Bun`,
      command: [
        ...[process.execPath, "test", "--timeout", "600000", "--reporter=junit", `--reporter-outfile=${bun}`],
        ...files.filter((file) => isLong(file) === long),
      ],
      env,
      count: (output) => countBun(output, readIfThere(bun)),
    },
    {
      name: `${prefix} on Deno`,
      // tsc has checked the types already.
      command: [
        ...["deno", "test", "-A", "--no-check", `--junit-path=${deno}`],
        ...files
          .filter((file) => !file.endsWith("_bun_test.ts"))
          .filter((file) => (isLong(file) || isNeutral(file)) === long),
      ],
      env,
      count: () => countDeno(readIfThere(deno)),
    },
  ];
}

/**
 * Environment that keeps cargo from downloading the pinned toolchain of the crates: the default one, if that one is
 * missing.
 */
function toolchain(root: string): Record<string, string> {
  const pinned = /^channel = "(.+)"/m.exec(readIfThere(join(root, "crates/rust-toolchain.toml")))?.[1];
  const list = spawnSync("rustup", ["toolchain", "list"], { encoding: "utf8" });
  if (pinned === undefined || list.status !== 0 || process.env["RUSTUP_TOOLCHAIN"] !== undefined) return {};
  const lines = list.stdout.trim().split("\n");
  if (lines.some((line) => line === pinned || line.startsWith(`${pinned}-`))) return {};
  const standard = lines.find((line) => line.includes("default"))?.split(" ")[0];
  if (standard === undefined) return {};
  console.log(`Rust ${pinned}, which crates/ asks for, is not installed: using ${standard}.`);
  return { RUSTUP_TOOLCHAIN: standard };
}

function rustSteps(root: string, crate: string, cargo: boolean): Step[] {
  const env = toolchain(root);
  const lacks = (tool: string) => {
    if (!cargo) return "cargo is not on the PATH";
    const found = spawnSync("cargo", [tool, "--version"], {
      cwd: join(root, crate),
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    return found.status === 0 ? undefined : `cargo ${tool} is not installed`;
  };
  const step = (name: string, args: string[], more: Partial<Step> = {}): Step => ({
    name: `${crate}: ${name}`,
    command: ["cargo", ...args],
    folder: crate,
    env,
    missing: cargo ? undefined : "cargo is not on the PATH",
    ...more,
  });
  const host = /^host: (.+)$/m.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout ?? "")?.[1] ?? "";
  return [
    step("tests", ["test", "--locked", "--no-fail-fast"], { count: countCargo }),
    step("clippy", ["clippy", "--locked", "--all-targets", "--", "-D", "warnings"], { missing: lacks("clippy") }),
    step("format", ["fmt", "--check"], { missing: lacks("fmt") }),
    step("tests under AddressSanitizer", ["test", "--locked", "--no-fail-fast", "--target", host], {
      env: {
        RUSTUP_TOOLCHAIN: "nightly",
        RUSTFLAGS: "-Zsanitizer=address",
        RUSTDOCFLAGS: "-Zsanitizer=address",
        CARGO_TARGET_DIR: join(root, ".cache/sanitised", crate),
      },
      missing: has("rustup", "run", "nightly", "rustc", "--version") ? undefined : "Rust nightly is not installed",
      count: countCargo,
    }),
  ];
}

/** Restores Cargo.lock, which cargo reads. */
export function lockSteps(): Step[] {
  return [...CRATES, ...FUZZ_CRATES].map((crate) => ({
    name: `${crate}: lock`,
    command: [process.execPath, "scripts/build/cargo_lock.ts", "restore", crate],
    missing: has("cargo", "--version") ? undefined : "cargo is not on the PATH",
  }));
}

/**
 * What `bun run ok` checks: types, lint, and the quick tests. Slow steps come first, so that lanes end together.
 *
 * @param allRuns Whether to try costly properties in full.
 */
export function quickSteps(root: string, scratch: string, allRuns: boolean): Step[] {
  return [
    ...testSteps(root, scratch, { long: false, allRuns }),
    { name: "types", command: ["tsc", "--noEmit"] },
    { name: "types of the page", command: ["tsc", "--noEmit", "-p", "src/server/page/client"] },
    { name: "lint", command: ["biome", "check", "."] },
    { name: "unused exports", command: ["knip", "--no-progress", "--include", "files,exports,types,dependencies"] },
    {
      name: "spelling",
      command: ["bash", "scripts/check/check_spelling.sh"],
      missing: has("python3", "--version") ? undefined : "python3 is not installed",
    },
    { name: "wasm builds", command: [process.execPath, "scripts/check/check_wasm.ts"] },
  ];
}

/** What `bun run ok:all` checks on top. */
export function longSteps(root: string, scratch: string): Step[] {
  const cargo = has("cargo", "--version");
  const pythonMissing = has("python3", "--version") ? undefined : "python3 is not installed";
  return [
    ...testSteps(root, scratch, { long: true, allRuns: true }),
    ...CRATES.flatMap((crate) => rustSteps(root, crate, cargo)),
    {
      name: "the crates under random input",
      // A short run: all targets within a minute, and about as long to build them.
      command: ["bash", "scripts/check/fuzz_crates.sh", "4"],
      env: toolchain(root),
      missing: cargo ? undefined : "cargo is not on the PATH",
    },
    { name: "audit of the crates", command: ["bash", "scripts/check/audit_crates.sh"], missing: pythonMissing },
    ...["wasm", "package", "executable"].map((what) => ({
      name: `${what}: the same bytes twice`,
      command: [process.execPath, "scripts/check/check_reproducible.ts", what],
    })),
    {
      name: "requests made of the OpenAPI document",
      // A short run.
      command: ["bash", "scripts/check/check_openapi.sh", "10"],
      missing: pythonMissing,
    },
  ];
}
