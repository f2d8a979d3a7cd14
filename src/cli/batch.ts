import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { inputImages, readImageFile, standardInput } from "../batch/input_images.ts";
import { ResultsFile } from "../batch/results_file.ts";
import { type BatchCounts, type BatchOptions, runBatch } from "../batch/run_batch.ts";
import type { CaptionSettings } from "../caption/options.ts";
import type { EdgecapError } from "../errors.ts";
import { connectQueue, type QueueAddress } from "../queue/connect.ts";
import { distribute } from "../queue/distribute.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { backendOption } from "./backend_option.ts";
import { openBatchPool } from "./batch_pool.ts";
import { bundleFlag } from "./bundle_flag.ts";
import { addCaptionFlags, captionOptionsOf } from "./caption_flags.ts";
import { exitSoon } from "./exit_soon.ts";
import { hiddenFlag } from "./hidden_flag.ts";
import { interruptSignal, withInterruptMessage } from "./interrupt.ts";
import { wholeNumber } from "./option_values.ts";
import { startProgress } from "./progress.ts";
import { queueOption } from "./queue_option.ts";
import { reportProblem } from "./report_problem.ts";
import { exitStatus } from "./run_program.ts";

/** Options of a caption that the verb has flags for. */
const captionOptions = ["maxCharacters", "neutral", "sentence", "minConfidence", "beams", "maxPixels"] as const;

interface BatchFlags extends Pick<CaptionSettings, (typeof captionOptions)[number]> {
  readonly out: string;
  readonly workers: number;
  readonly hidden?: boolean;
  readonly bundle?: string;
  readonly backend: BackendChoice;
  readonly queue?: QueueAddress;
}

/** Adds `edgecap batch`. */
export function registerBatch(program: Command): void {
  const command = program
    .command("batch")
    .description("Caption any number of pictures into a file; run it again after a stop to continue.")
    .argument(
      "<inputs...>",
      "folders, patterns, pictures, and lists with one path per line; - reads a list from standard input",
    )
    .requiredOption("--out <file>", "file of results, one line of JSON per picture")
    .option("--workers <n>", "number of threads that caption", wholeNumber(1, 256), availableParallelism())
    .option(...hiddenFlag);
  addCaptionFlags(command, captionOptions)
    .option(...bundleFlag)
    .addOption(backendOption())
    .addOption(
      queueOption("send the work to the machines that run edgecap worker; see its help").conflicts([
        "workers",
        "bundle",
      ]),
    )
    .addHelpText(
      "after",
      `
Lists are UTF-8 or UTF-16. Each path ends in a line break or, as find -print0 writes them, in a NUL.
Pictures that already have a line in the file are skipped. Run the same command again to continue after a stop, or to
caption pictures that you have added. A picture that fails has a line too; delete that line to try again.
With --queue the pictures themselves are not sent: every machine must find them under the same paths.
With --min-confidence, a sentence that is less sure is replaced by "a photo of ..." with what is sure, or by an empty caption.
With --max-characters, so is one that is too long: see docs/alternative_text.md.
Exit status: 0 all captioned, 1 some pictures failed or have no such sentence, 2 wrong usage, 130 interrupted.

Examples:
  edgecap batch photos/ --out captions.jsonl
  find /archive -name '*.jpg' | edgecap batch - --out captions.jsonl
  edgecap batch /archive --out captions.jsonl --queue redis://queue.example:6379`,
    )
    .action(batch);
}

async function batch(inputs: string[], flags: BatchFlags): Promise<void> {
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  await using results = await ResultsFile.open(flags.out);
  const { hidden = false } = flags;
  const images = (onProblem: (error: EdgecapError) => void) =>
    inputImages(inputs, process.stdin, { hidden, onProblem });
  // The inputs are listed twice, once to count them for the progress bar, unless the list can be read only once.
  const total = !process.stderr.isTTY || (await isReadOnce(inputs)) ? 0 : await count(images(() => {}));
  using progress = startProgress(total, "pictures");
  const started = performance.now();
  let soFar = { captioned: 0, failed: 0 };
  const work: BatchWork = {
    images: images(reportProblem),
    results,
    options: captionOptionsOf(flags),
    onDone: ({ captioned, failed, skipped }) => {
      soFar = { captioned, failed };
      const rate = (1000 * (captioned + failed)) / (performance.now() - started);
      progress.update(captioned + failed + skipped, `${rate.toFixed(1)} a second, ${failed} failed`);
    },
    signal,
  };
  const counts = await withInterruptMessage(
    () => (flags.queue === undefined ? captionHere(work, flags) : captionElsewhere(work, flags.queue, flags.out)),
    () =>
      `: ${soFar.captioned} captioned and ${soFar.failed} failed since the start are kept in "${flags.out}"; run the same command to continue.`,
  );
  const failed = counts.failed + results.before.failed;
  process.stderr.write(summary(counts, (performance.now() - started) / 1000, results.before.failed));
  if (failed + counts.leftOut + results.before.leftOut > 0) process.exitCode = exitStatus.someFailed;
}

type BatchWork = Omit<BatchOptions, "read" | "captioner">;

async function captionHere(work: BatchWork, flags: BatchFlags): Promise<BatchCounts> {
  await using pool = openBatchPool({ workers: flags.workers, bundle: flags.bundle, backend: flags.backend });
  return await runBatch({ ...work, read: readImageFile, captioner: pool });
}

async function captionElsewhere(work: BatchWork, queue: QueueAddress, out: string): Promise<BatchCounts> {
  await using connection = await connectQueue(queue);
  try {
    return await distribute({ ...work, connection, out });
  } finally {
    if (connection.redis.status === "end") exitSoon();
  }
}

/** Whether one of the inputs is a pipe, which can be read only once. */
async function isReadOnce(inputs: readonly string[]): Promise<boolean> {
  const found = await Promise.all(inputs.map((input) => stat(input).catch(() => undefined)));
  return inputs.includes(standardInput) || found.some((input) => input?.isFIFO() === true);
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let size = 0;
  for await (const _ of items) size++;
  return size;
}

function summary(
  { captioned, failed, skipped, failures, leftOut }: BatchCounts,
  seconds: number,
  failedBefore: number,
): string {
  const lines = [
    `${captioned} captioned in ${seconds.toFixed(1)} s (${(captioned / seconds).toFixed(1)} a second), ${failed} failed, ${skipped} done before${failedBefore > 0 ? `, of which ${failedBefore} failed` : ""}`,
    ...(leftOut > 0
      ? [`  ${leftOut} of those captioned were less sure or longer than requested, and have a plain caption or none`]
      : []),
    ...Object.entries(failures).map(([code, times]) => `  ${code}: ${times}`),
  ];
  return `${lines.join("\n")}\n`;
}
