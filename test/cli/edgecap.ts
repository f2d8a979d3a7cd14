import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What a run of the command line came to. */
export interface Outcome {
  /** Exit status; `null` where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `edgecap` as a process of its own, on the runtime that runs the test.
 *
 * @param watch Sees standard output as it grows, and may end the process.
 */
export function edgecap(args: readonly string[], watch?: (stdout: string, child: ChildProcess) => void): Promise<Outcome> {
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const child = spawn(process.execPath, [...runtime, main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (chunk: Uint8Array) => {
    stdout += new TextDecoder().decode(chunk);
    watch?.(stdout, child);
  });
  child.stderr!.on("data", (chunk: Uint8Array) => {
    stderr += new TextDecoder().decode(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
