import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type Counts, countStep, none } from "./counts.ts";
import type { Outcome } from "./summary.ts";

/** A check that runs as a separate process. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Folder to run it in, relative to the repository. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Why it cannot run here. It counts as skipped then. */
  readonly missing?: string | undefined;
  /** Reads the tests counted by a runner from what it printed. */
  readonly count?: (output: string) => Counts;
}

/** The exit status of a script that cannot run here; its last line says why. */
const SKIPPED = 77;

/** Shows one step's output as it arrives, and that of the others afterwards. */
class Display {
  readonly #waiting: { name: string; chunks: Uint8Array[]; ended: boolean }[] = [];

  /** Begins the output of a step. */
  open(name: string): { write(chunk: Uint8Array): void; close(): void } {
    const part = { name, chunks: [] as Uint8Array[], ended: false };
    this.#waiting.push(part);
    this.#flush();
    return {
      write: (chunk) => {
        if (this.#waiting[0] === part) process.stdout.write(chunk);
        else part.chunks.push(chunk);
      },
      close: () => {
        part.ended = true;
        this.#flush();
      },
    };
  }

  #flush(): void {
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined) return;
      if (first.name !== "") {
        process.stdout.write(`\n== ${first.name}\n`);
        first.name = "";
      }
      for (const chunk of first.chunks.splice(0)) process.stdout.write(chunk);
      if (!first.ended) return;
      this.#waiting.shift();
    }
  }
}

async function runStep(root: string, step: Step, display: Display): Promise<Outcome> {
  if (step.missing !== undefined) {
    const counts = { ...none, skipped: [{ name: "", reason: step.missing }] };
    return { name: step.name, state: "skipped", seconds: 0, counts };
  }
  const part = display.open(step.name);
  const started = performance.now();
  const [program, ...args] = step.command;
  const child = spawn(program!, args, {
    cwd: join(root, step.folder ?? "."),
    env: { ...process.env, ...step.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  const read = (chunk: Buffer) => {
    chunks.push(chunk);
    part.write(chunk);
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const status = await new Promise<number | null>((resolve) => {
    child.on("error", (error) => {
      part.write(Buffer.from(`Cannot run "${program}": ${error.message}.\n`));
      resolve(null);
    });
    child.on("close", resolve);
  });
  part.close();
  const seconds = (performance.now() - started) / 1000;
  const output = stripVTControlCharacters(Buffer.concat(chunks).toString());
  if (status === SKIPPED) {
    const skipped = [{ name: "", reason: output.trim().split("\n").at(-1) }];
    return { name: step.name, state: "skipped", seconds, counts: { ...none, skipped } };
  }
  const counts = countStep(status === 0, step.count?.(output) ?? none);
  return { name: step.name, state: counts.failed === 0 ? "ok" : "failed", seconds, counts };
}

/**
 * Runs every step, whatever fails, `lanes` at a time in the order given, and returns what came of each in that order.
 */
export async function runSteps(root: string, steps: readonly Step[], lanes: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const display = new Display();
  const queue = steps.entries();
  const work = async () => {
    for (const [place, step] of queue) outcomes[place] = await runStep(root, step, display);
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return outcomes;
}
