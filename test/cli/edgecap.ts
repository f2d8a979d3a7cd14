import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What a run of the command line came to. */
export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `edgecap` as a process of its own, as a person does. */
export async function edgecap(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.on("error", () => {}); // A run that refuses its arguments reads no input.
  child.stdin.end(options.stdin ?? "");
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Writes the tiny bundle to a folder, which is quick to load. */
export async function writeTinyBundle(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of await tinyBundleFiles()) writeFileSync(join(folder, name), bytes);
  return folder;
}
