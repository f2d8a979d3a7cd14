import type { BatchCaptioner } from "../batch/run_batch.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { WorkerPool } from "../server/pool/worker_pool.ts";

/** Longest time for a picture, in milliseconds: no client waits, so that only a hung worker is given up. */
const patienceMs = 24 * 3600 * 1000;
const hangMs = 120_000;

/** Threads that caption the pictures of a batch. */
export interface BatchPool extends BatchCaptioner, AsyncDisposable {
  /** Kept once a thread is ready. */
  readonly ready: Promise<unknown>;
}

/** Starts them. */
export function openBatchPool(options: {
  readonly workers: number;
  readonly bundle: string | undefined;
  readonly backend: BackendChoice;
}): BatchPool {
  const pool = new WorkerPool({ ...options, queueSize: 2 * options.workers, deadlineMs: patienceMs, hangMs });
  return {
    workers: options.workers,
    ready: pool.ready,
    caption: (image, captionOptions, signal) => pool.caption({ image, options: captionOptions, signal }),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
