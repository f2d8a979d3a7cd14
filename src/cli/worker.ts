import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { readImageFile } from "../batch/input_images.ts";
import { connectQueue, type QueueAddress } from "../queue/connect.ts";
import { runQueueWorker } from "../queue/work.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { backendOption } from "./backend_option.ts";
import { openBatchPool } from "./batch_pool.ts";
import { bundleFlag } from "./bundle_flag.ts";
import { exitSoon } from "./exit_soon.ts";
import { wholeNumber } from "./option_values.ts";
import { queueOption } from "./queue_option.ts";

interface WorkerFlags {
  readonly queue: QueueAddress;
  readonly workers: number;
  readonly bundle?: string;
  readonly backend: BackendChoice;
}

/** Adds `edgecap worker`. */
export function registerWorker(program: Command): void {
  program
    .command("worker")
    .description("Caption, on this machine, the pictures that edgecap batch --queue hands out.")
    .addOption(
      queueOption(
        "queue on a Redis or Valkey server: redis://[user:password@]host[:port][/database][?name=NAME]",
      ).makeOptionMandatory(),
    )
    .option("--workers <n>", "number of threads that caption", wholeNumber(1, 256), availableParallelism())
    .option(...bundleFlag)
    .addOption(backendOption())
    .addHelpText(
      "after",
      `
Every machine must find the pictures under the same paths. A picture that fails is tried three times, here or on another machine;
a corrupt one only once. On SIGTERM or Ctrl-C the worker finishes its pictures and exits with status 0. If a worker dies, its pictures go to
another worker within 20 seconds.

Example:
  edgecap worker --queue redis://queue.example:6379`,
    )
    .action(work);
}

async function work({ queue, workers, bundle, backend }: WorkerFlags): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  await using connection = await connectQueue(queue);
  await using pool = openBatchPool({ workers, bundle, backend });
  await pool.start();
  process.stderr.write(`Taking pictures from the queue "${queue.name}" at ${queue.shown}.\n`);
  let counts = { captioned: 0, failed: 0 };
  await runQueueWorker({
    connection,
    captioner: pool,
    read: readImageFile,
    onDone: (captioned, failed) => {
      counts = { captioned, failed };
    },
    signal: stop.signal,
  });
  if (connection.redis.status === "end") exitSoon();
  process.stderr.write(`${counts.captioned} captioned, ${counts.failed} attempts failed\n`);
}
