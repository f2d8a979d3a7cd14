/**
 * Compiles edgecap into one file, with the runtime, the WebAssembly, the bundles and the server's page inside.
 *
 * usage: bun run compile [--target bun-linux-x64] [--out dist/edgecap]
 *
 * Prints its size and that of an empty executable. For other targets than this machine, Bun downloads their runtime.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** No import leads to the worker, so it is a separate entry. */
const entries = ["src/cli/executable.ts", "src/pool/worker.ts"];

/**
 * Compiles entry points into an executable.
 *
 * @param target Bun's name of a system, such as `bun-linux-arm64`; default: this machine's.
 * @throws {Error} with Bun's message, if it fails.
 */
export function compile(entryPoints: readonly string[], out: string, target?: string): void {
  mkdirSync(dirname(out), { recursive: true });
  const build = JSON.stringify({ commit: commitOf(), bundle: bundleHash() });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["scripts/build/compile_process.ts", out, target ?? "-", build, ...entryPoints],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`Cannot compile ${entryPoints.join(" and ")}: ${stderr}${stdout}`);
}

/** The path of the file that Bun writes: on Windows, executables end in `.exe`. */
function named(path: string, target?: string): string {
  const windows = target?.includes("windows") ?? process.platform === "win32";
  return windows && !path.endsWith(".exe") ? `${path}.exe` : path;
}

/** Compiles edgecap itself; see {@linkcode compile}. */
export function compileEdgecap(out: string, target?: string): void {
  compile(entries, out, target);
}

function commitOf(): string {
  const { status, stdout } = spawnSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : "unknown";
}

function bundleHash(): string {
  const manifest = readFileSync(join(root, "models/default/manifest.json"));
  return createHash("sha256").update(manifest).digest("hex").slice(0, 12);
}

/** Bytes of an executable that does nothing. */
function emptySize(target?: string): number {
  const folder = mkdtempSync(join(tmpdir(), "edgecap-empty-"));
  try {
    const entry = join(folder, "empty.ts");
    writeFileSync(entry, "");
    const out = named(join(folder, "empty"), target);
    compile([entry], out, target);
    return statSync(out).size;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { target: { type: "string" }, out: { type: "string" } } });
  const out = named(resolve(values.out ?? join(root, "dist/edgecap")), values.target);
  compileEdgecap(out, values.target);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const size = statSync(out).size;
  console.log(
    `Wrote ${out}: ${megabytes(size)}, ${megabytes(size - emptySize(values.target))} above an empty executable.`,
  );
}
