import type { BatchCaptioner } from "../batch/run_batch.ts";
import { WorkerPool } from "../pool/worker_pool.ts";
import type { BackendChoice } from "../runtime/backend.ts";

/** Longest time for a picture, in milliseconds. No client waits, so it only serves to give up on a hung worker. */
const longestMs = 24 * 3600 * 1000;
const hangMs = 120_000;

/** Threads that caption the pictures of a batch. */
export interface BatchPool extends BatchCaptioner, AsyncDisposable {
  /** Starts the threads, and resolves once one is ready. Further calls do nothing more. */
  start(): Promise<void>;
}

/**
 * A pool whose threads start at `start()`, since a batch with nothing to do needs no threads.
 *
 * `start()` throws what loading the bundle throws.
 */
export function openBatchPool(options: {
  readonly workers: number;
  readonly bundle: string | undefined;
  readonly backend: BackendChoice;
}): BatchPool {
  let pool: WorkerPool | undefined;
  const started = () => {
    pool ??= new WorkerPool({ ...options, queueSize: 2 * options.workers, deadlineMs: longestMs, hangMs });
    return pool;
  };
  return {
    workers: options.workers,
    start: async () => void (await started().ready),
    caption: (image, captionOptions, signal) => started().caption({ image, options: captionOptions, signal }),
    [Symbol.asyncDispose]: async () => await pool?.[Symbol.asyncDispose](),
  };
}
