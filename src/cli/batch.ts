import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { inputImages, readImageFile, standardInput } from "../batch/input_images.ts";
import { ResultsFile } from "../batch/results_file.ts";
import { type BatchCounts, runBatch } from "../batch/run_batch.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { WorkerPool } from "../server/pool/worker_pool.ts";
import { backendOption } from "./backend_option.ts";
import { interruptSignal } from "./interrupt.ts";
import { wholeNumber } from "./option_values.ts";
import { startProgress } from "./progress.ts";
import { exitStatus } from "./run_program.ts";

interface BatchFlags {
  readonly out: string;
  readonly workers: number;
  readonly beams?: number;
  readonly bundle?: string;
  readonly backend: BackendChoice;
}

/** Adds `edgecap batch`. */
export function registerBatch(program: Command): void {
  program
    .command("batch")
    .description("Caption any number of pictures into a file, and go on where it was stopped.")
    .argument(
      "<inputs...>",
      "folders, patterns, pictures, and lists with a path a line; - reads a list from standard input",
    )
    .requiredOption("--out <file>", "file of results, a line of JSON a picture")
    .option("--workers <n>", "threads that caption", wholeNumber(1, 256), availableParallelism())
    .option("--beams <n>", "width of the beam search; 1 is greedy (default: the bundle's)", wholeNumber(1, 64))
    .option(
      "--bundle <dir>",
      "folder or URL of a bundle, or transformers:FOLDER (default: the one that comes with edgecap)",
    )
    .addOption(backendOption())
    .addHelpText(
      "after",
      `
Pictures that have a line in the file are passed over, so the same command goes on after a stop of any kind, and captions
what has been added. A picture that fails has a line too; delete it to try again.
Exit status: 0 all captioned, 1 some failed, 2 wrong usage, 130 interrupted.

Examples:
  edgecap batch photos/ --out captions.jsonl
  find /archive -name '*.jpg' | edgecap batch - --out captions.jsonl`,
    )
    .action(batch);
}

/** Longest time for a picture, in milliseconds: no client waits, so that only a hung worker is given up. */
const patienceMs = 24 * 3600 * 1000;
const hangMs = 120_000;

async function batch(inputs: string[], flags: BatchFlags): Promise<void> {
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  const { workers } = flags;
  await using results = await ResultsFile.open(flags.out);
  await using pool = new WorkerPool({
    bundle: flags.bundle,
    backend: flags.backend,
    workers,
    queueSize: 2 * workers,
    deadlineMs: patienceMs,
    hangMs,
  });
  await pool.ready;
  // Listed twice, once to count, unless the list can only be read once: how long it takes is worth knowing.
  const total =
    inputs.includes(standardInput) || !process.stderr.isTTY ? 0 : await count(inputImages(inputs, process.stdin));
  using progress = startProgress(total, "pictures");
  const started = performance.now();
  const counts = await runBatch({
    images: inputImages(inputs, process.stdin),
    read: readImageFile,
    captioner: {
      workers,
      caption: (image, options, stop) => pool.caption({ image, options, signal: stop }),
    },
    results,
    options: flags.beams === undefined ? {} : { beams: flags.beams },
    onDone: ({ captioned, failed, skipped }) => {
      const rate = (1000 * (captioned + failed)) / (performance.now() - started);
      progress.update(captioned + failed + skipped, `${rate.toFixed(1)} a second, ${failed} failed`);
    },
    signal,
  });
  const failed = counts.failed + results.before.failed;
  process.stderr.write(summary(counts, (performance.now() - started) / 1000, results.before.failed));
  if (failed > 0) process.exitCode = exitStatus.someFailed;
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let size = 0;
  for await (const _ of items) size++;
  return size;
}

function summary({ captioned, failed, skipped, failures }: BatchCounts, seconds: number, failedBefore: number): string {
  const lines = [
    `${captioned} captioned in ${seconds.toFixed(1)} s (${(captioned / seconds).toFixed(1)} a second), ${failed} failed, ${skipped} done before${failedBefore > 0 ? `, of which ${failedBefore} failed` : ""}`,
    ...Object.entries(failures).map(([code, times]) => `  ${code}: ${times}`),
  ];
  return `${lines.join("\n")}\n`;
}
