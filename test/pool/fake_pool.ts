import type { CaptionWord } from "../../src/caption/caption.ts";
import type { EdgecapError } from "../../src/errors.ts";
import { type PoolOptions, WorkerPool } from "../../src/pool/worker_pool.ts";
import { FakeThread } from "./fake_thread.ts";

/** A pool of fake threads, and what its observer saw. */
export function fakePool({ observer, ...options }: Partial<PoolOptions> = {}, isObserved = true) {
  const threads: FakeThread[] = [];
  const seen: unknown[][] = [];
  const begun = performance.now();
  const pool = new WorkerPool({
    bundle: undefined,
    workers: 1,
    queueSize: 10,
    deadlineMs: 600_000,
    hangMs: 600_000,
    createWorker: () => {
      const thread = new FakeThread();
      threads.push(thread);
      return thread as unknown as Worker;
    },
    ...(isObserved && {
      observer: observer ?? {
        started: (waitMs) => seen.push(["started", waitMs >= 0 && waitMs <= performance.now() - begun]),
        captioned: ({ caption }) => seen.push(["captioned", caption]),
        replaced: (reason, message) => seen.push(["replaced", reason, message]),
      },
    }),
    ...options,
  });
  return { pool, threads, seen };
}

/** Asks for a caption; gives its text, or the error. */
export function ask(
  pool: WorkerPool,
  more: { signal?: AbortSignal; onWord?: (word: CaptionWord) => void; image?: string } = {},
) {
  const { signal = new AbortController().signal, onWord, image = "" } = more;
  return pool.caption({ image: new TextEncoder().encode(image), options: { beams: 3 }, signal, onWord }).then(
    ({ caption }) => caption,
    (error: unknown) => error as EdgecapError,
  );
}

/** Whether a promise is still open after some turns. */
export const isPending = async (promise: Promise<unknown>) =>
  (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 5, "pending"))])) === "pending";

/** Waits for something that a timer does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Disposes of a pool whose workers may still be starting. */
export async function stop(pool: WorkerPool, threads: readonly FakeThread[]): Promise<void> {
  const stopped = pool[Symbol.asyncDispose]();
  for (const thread of threads) thread.ready();
  await stopped;
}
