import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import type { TinyPhotos } from "../fixtures/tiny_photos.ts";

/** The command line's script. */
export const main: string = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** The result of a run of the command line. */
export interface Outcome {
  /** Exit status; `null` if a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with standard output as it grows; may end the process. */
  readonly watch?: (stdout: string, child: ChildProcess) => void;
}

/** Runs `edgecap` in a separate process, without colours, on the runtime of the test. */
export function edgecap(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return start(args, options).ended;
}

/** A process of `edgecap` that keeps running. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Its output so far. */
  output(): string;
}

/** Starts a command without waiting for its end, as {@linkcode edgecap} does. */
export function start(args: readonly string[], options: RunOptions = {}): Running {
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const child = spawn(process.execPath, [...runtime, main, ...args], {
    cwd: options.cwd,
    env: { EDGECAP_BACKEND: "wasm", ...process.env, ...options.env, NO_COLOR: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const decoders = [new TextDecoder(), new TextDecoder()] as const;
  child.stdout.on("data", (chunk: Uint8Array) => {
    stdout += decoders[0].decode(chunk, { stream: true });
    options.watch?.(stdout, child);
  });
  child.stderr.on("data", (chunk: Uint8Array) => {
    stderr += decoders[1].decode(chunk, { stream: true });
  });
  child.stdin.on("error", () => {}); // A run that refuses its arguments reads no input.
  child.stdin.end(options.stdin ?? "");
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended, output: () => stdout + stderr };
}

/** Does some work in a temporary folder, which is removed afterwards. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-cli-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes the tiny bundle, which is quick to load, to a folder. */
export async function writeTinyBundle(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of await tinyBundleFiles()) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** Arguments of `edgecap train` on a tiny data set. */
export function trainArgs(photos: TinyPhotos, out: string, more: readonly string[]): string[] {
  const { images, captions, trainList, devList } = photos;
  const data = ["--images", images, "--captions", captions, "--train", trainList, "--dev", devList];
  return ["train", ...data, "--out", out, "--minimum-count", "1", "--backend", "wasm", "--threads", "1", ...more];
}

/** Checks that a run succeeded. */
export function succeeded(outcome: Outcome): Outcome {
  if (outcome.status !== 0) throw new Error(`exit ${outcome.status}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}
