/**
 * Everything that has to hold before a change is good: types, lint, tests on Bun and on Deno, the committed
 * WebAssembly builds, and the Rust crates where cargo is installed.
 *
 * `bun run ok` runs all of it, whatever fails, and ends with a table of the steps and the line "N passed, N failed".
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/** How many tests passed and failed. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Folder to run it in, relative to the repository. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Reads the tests counted by a runner from what it printed. */
  readonly count?: (output: string) => Counts;
}

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly counts: Counts;
}

const crates = ["wasm", "wasm-image"];
const none: Counts = { passed: 0, failed: 0 };

/** The tests that `bun test` counts: its last lines "N pass" and "N fail". */
export function countBun(output: string): Counts {
  const last = (word: string) => Number([...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))].at(-1)?.[1] ?? 0);
  return { passed: last("pass"), failed: last("fail") };
}

/** The tests of `cargo test`: the sum over its "test result" lines, one a test binary. */
export function countCargo(output: string): Counts {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  return {
    passed: results.reduce((sum, result) => sum + Number(result[1]), 0),
    failed: results.reduce((sum, result) => sum + Number(result[2]), 0),
  };
}

/** The tests in a JUnit report of `deno test`, where a `describe` is a test case too and is left out here. */
export function countJunit(report: string): Counts {
  const cases = [...report.matchAll(/<testcase name="([^"]*)"([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    (found) => ({
      name: found[1] ?? "",
      body: found[3] ?? "",
    }),
  );
  const groups = new Set<string>();
  for (const { name } of cases) {
    const parts = name.split(" &gt; ");
    for (let i = 1; i < parts.length; i++) groups.add(parts.slice(0, i).join(" &gt; "));
  }
  const tests = cases.filter(({ name, body }) => !groups.has(name) && !body.includes("<skipped"));
  const failed = tests.filter(({ body }) => /<(?:failure|error)\b/.test(body)).length;
  return { passed: tests.length - failed, failed };
}

/** The counts of a step: one that failed without naming a failed test counts as one. */
export function countStep(ok: boolean, counts: Counts): Counts {
  return ok || counts.failed > 0 ? counts : { passed: counts.passed, failed: 1 };
}

/** The table of steps, and under it the sum. */
export function summary(outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map(({ name }) => name.length));
  const rows = outcomes.map(({ name, ok, seconds, counts }) => {
    const tests = counts.passed + counts.failed > 0 ? `  ${counts.passed} passed, ${counts.failed} failed` : "";
    return `${ok ? "ok    " : "FAILED"}  ${name.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s${tests}`;
  });
  const sum = (key: keyof Counts) => outcomes.reduce((total, { counts }) => total + counts[key], 0);
  return `${rows.join("\n")}\n\n${sum("passed")} passed, ${sum("failed")} failed`;
}

/** Runs a step, shows its output as it comes, and counts its tests. */
async function runStep(step: Step): Promise<Outcome> {
  console.log(`\n== ${step.name}`);
  const started = performance.now();
  const [program, ...args] = step.command;
  const child = spawn(program!, args, {
    cwd: join(root, step.folder ?? "."),
    env: { ...process.env, ...step.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    process.stdout.write(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    process.stderr.write(chunk);
  });
  const ok = await new Promise<boolean>((resolve) => {
    child.on("error", (error) => {
      console.error(`Cannot run "${program}": ${error.message}.`);
      resolve(false);
    });
    child.on("close", (status) => resolve(status === 0));
  });
  const counts = step.count?.(stripVTControlCharacters(Buffer.concat(chunks).toString())) ?? none;
  return { name: step.name, ok, seconds: (performance.now() - started) / 1000, counts: countStep(ok, counts) };
}

function has(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { cwd: root, stdio: "ignore" }).status === 0;
}

/**
 * What to set so that a crate's pinned toolchain is not downloaded: nothing where it is installed, else the
 * default one.
 */
function toolchain(crate: string): Record<string, string> {
  const file = join(root, crate, "rust-toolchain.toml");
  const pinned = existsSync(file) ? /^channel = "(.+)"/m.exec(readFileSync(file, "utf8"))?.[1] : undefined;
  const list = spawnSync("rustup", ["toolchain", "list"], { encoding: "utf8" });
  if (pinned === undefined || list.status !== 0 || process.env["RUSTUP_TOOLCHAIN"] !== undefined) return {};
  const lines = list.stdout.trim().split("\n");
  if (lines.some((line) => line === pinned || line.startsWith(`${pinned}-`))) return {};
  const standard = lines.find((line) => line.includes("default"))?.split(" ")[0];
  if (standard === undefined) return {};
  console.log(`Rust ${pinned}, which ${crate}/ asks for, is not installed: using ${standard}.`);
  return { RUSTUP_TOOLCHAIN: standard };
}

/** Restores Cargo.lock, which the check of the builds reads too. */
function lockSteps(crate: string): Step[] {
  if (!existsSync(join(root, "scripts/cargo_lock.ts")) || !existsSync(join(root, crate, "Cargo.toml"))) return [];
  return [{ name: `${crate}: lock`, command: [process.execPath, "scripts/cargo_lock.ts", "restore", crate] }];
}

function rustSteps(crate: string): Step[] {
  if (!existsSync(join(root, crate, "Cargo.toml"))) return [];
  const env = toolchain(crate);
  const installed = (tool: string) => {
    const found = spawnSync("cargo", [tool, "--version"], {
      cwd: join(root, crate),
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    if (found.status !== 0) console.log(`cargo ${tool} is not installed: ${crate}/ is not checked with it.`);
    return found.status === 0;
  };
  const step = (name: string, command: string[], count?: Step["count"]): Step => ({
    name: `${crate}: ${name}`,
    command,
    folder: crate,
    env,
    ...(count && { count }),
  });
  return [
    step("tests", ["cargo", "test", "--locked", "--no-fail-fast"], countCargo),
    ...(installed("clippy")
      ? [step("clippy", ["cargo", "clippy", "--locked", "--all-targets", "--", "-D", "warnings"])]
      : []),
    ...(installed("fmt") ? [step("format", ["cargo", "fmt", "--check"])] : []),
  ];
}

function steps(junit: string): Step[] {
  const denoTests = globSync("test/**/*_test.ts", { cwd: root })
    .filter((file) => !file.endsWith("_bun_test.ts"))
    .sort();
  const cargo = has("cargo", "--version");
  if (!cargo) console.log("cargo is not on the PATH: the Rust crates are not tested.");
  return [
    ...crates.flatMap(lockSteps),
    { name: "types", command: ["tsc", "--noEmit"] },
    { name: "types of the page", command: ["tsc", "--noEmit", "-p", "src/server/page/client"] },
    { name: "lint", command: ["biome", "check", "."] },
    { name: "tests on Bun", command: [process.execPath, "test", "--timeout", "600000"], count: countBun },
    {
      name: "tests on Deno",
      // tsc has checked the types already.
      command: ["deno", "test", "-A", "--no-check", `--junit-path=${junit}`, ...denoTests],
      count: () => (existsSync(junit) ? countJunit(readFileSync(junit, "utf8")) : none),
    },
    // A short form of it; the script says so where schemathesis cannot be installed.
    ...(has("python3", "--version")
      ? [{ name: "requests made of the OpenAPI document", command: ["bash", "scripts/check_openapi.sh", "10"] }]
      : []),
    ...(existsSync(join(root, "scripts/check_wasm.ts"))
      ? [{ name: "wasm builds", command: [process.execPath, "scripts/check_wasm.ts"] }]
      : []),
    ...(cargo ? crates.flatMap(rustSteps) : []),
  ];
}

async function main(): Promise<void> {
  // bun install --frozen-lockfile succeeds without a lockfile, and then installs whatever is newest.
  if (!existsSync(join(root, "bun.lock"))) {
    console.error(
      `There is no "bun.lock" in this checkout: restore it with "git checkout bun.lock" and install again.`,
    );
    process.exit(1);
  }
  const bin = join(root, "node_modules/.bin");
  if (!existsSync(bin)) {
    console.error(`There is no "node_modules" here: run "npx --yes bun@1.4.5 install --frozen-lockfile".`);
    process.exit(1);
  }
  process.env["PATH"] = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;
  const scratch = mkdtempSync(join(tmpdir(), "edgecap-ok-"));
  const outcomes: Outcome[] = [];
  try {
    for (const step of steps(join(scratch, "deno.xml"))) outcomes.push(await runStep(step));
  } finally {
    rmSync(scratch, { recursive: true });
  }
  console.log(`\n${summary(outcomes)}`);
  process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1;
}

if (import.meta.main) await main();
