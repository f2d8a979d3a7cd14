import { describe, expect, test } from "bun:test";
import { ResultsFile } from "../../src/batch/results_file.ts";
import { runBatch } from "../../src/batch/run_batch.ts";
import { WebWorker } from "../../src/platform/web_worker.ts";
import type { PoolBusyError } from "../../src/pool/pool_busy_error.ts";
import type { LossReason } from "../../src/pool/pool_worker.ts";
import { type PoolOptions, WorkerPool } from "../../src/pool/worker_pool.ts";
import { problemOf } from "../../src/server/problem.ts";
import { codeOf } from "../code_of.ts";
import { withPath } from "../fixtures/stub_batch.ts";

/** A pool of faulty workers, the threads that it started, and why it lost some. */
function faultyPool(options: Partial<PoolOptions> = {}) {
  const threads: Worker[] = [];
  const lost: LossReason[] = [];
  const once = new Map([["once", new Uint8Array(new SharedArrayBuffer(4))]]);
  const pool = new WorkerPool({
    bundle: once,
    workers: 2,
    queueSize: 100,
    deadlineMs: 60_000,
    hangMs: 3000,
    createWorker: () => {
      const thread = new WebWorker(new URL("../server/faulty_worker.ts", import.meta.url).href, { type: "module" });
      threads.push(thread);
      return thread;
    },
    observer: { replaced: (reason) => lost.push(reason) },
    ...options,
  });
  return { pool, threads, lost };
}

function ask(pool: WorkerPool, text: string, signal = new AbortController().signal, words?: string[]): Promise<string> {
  const image = new TextEncoder().encode(text);
  const onWord = words && (({ text: word }: { text: string }) => void words.push(word));
  return pool.caption({ image, options: {}, signal, onWord }).then(({ caption }) => caption);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("WorkerPool", () => {
  test("captions with all its workers at once", async () => {
    const { pool } = faultyPool();
    await using _ = pool;
    await until(() => pool.state.ready === 2);
    const both = [ask(pool, "slow 200"), ask(pool, "slow 200"), ask(pool, "third")];
    expect(pool.state).toEqual({ ready: 2, busy: 2, starting: 0, queue: 1 });
    expect(await Promise.all(both)).toEqual(["slow 200", "slow 200", "third"]);
    expect((await pool.ready).name).toBe("faulty");
  });

  test("rejects ready if the bundle cannot be loaded", async () => {
    const { pool } = faultyPool({ bundle: new Map([["refuse", new Uint8Array(1)]]) });
    await using _ = pool;
    expect(await codeOf(pool.ready)).toBe("bundle-missing");
  });

  test("refuses at once if the queue is full, and says when to try again", async () => {
    const { pool } = faultyPool({ workers: 1, queueSize: 1 });
    await using _ = pool;
    await pool.ready;
    const taken = [ask(pool, "slow 500"), ask(pool, "waits")];
    try {
      await ask(pool, "too many");
      throw new Error("It was taken.");
    } catch (error) {
      expect((error as PoolBusyError).code).toBe("queue-full");
      expect(Number(problemOf(error).headers["retry-after"])).toBeGreaterThan(0);
    }
    expect(await Promise.all(taken)).toEqual(["slow 500", "waits"]);
  });

  test("answers photos whose time is over, waiting or in a worker, and continues", async () => {
    const { pool } = faultyPool({ workers: 1, deadlineMs: 300 });
    await using _ = pool;
    await pool.ready;
    // The second one may get the worker just before its own time is over, so it is slow too.
    expect(await Promise.all([codeOf(ask(pool, "slow 60000")), codeOf(ask(pool, "slow 60000"))])).toEqual([
      "deadline-exceeded",
      "deadline-exceeded",
    ]);
    await until(() => pool.state.busy === 0);
    expect(await ask(pool, "next")).toBe("next");
  });

  test("frees the place of a client that leaves, in the queue and in a worker", async () => {
    const { pool } = faultyPool({ workers: 1, queueSize: 1 });
    await using _ = pool;
    await pool.ready;
    const atWork = new AbortController();
    const inQueue = new AbortController();
    const gone = [codeOf(ask(pool, "slow 60000", atWork.signal)), codeOf(ask(pool, "waits", inQueue.signal))];
    inQueue.abort();
    const next = ask(pool, "next");
    atWork.abort();
    expect(await Promise.all(gone)).toEqual(["aborted", "aborted"]);
    expect(await next).toBe("next");
    expect(await codeOf(ask(pool, "never", AbortSignal.abort()))).toBe("aborted");
  });

  for (const [fault, reason] of [
    ["crash", "crashed"],
    ["hang", "hung"],
    ["die", undefined],
  ] as const) {
    test(`replaces a worker that does "${fault}", and tries its photo once more`, async () => {
      const { pool, lost, threads } = faultyPool();
      await using _ = pool;
      await until(() => pool.state.ready === 2);
      const others = Array.from({ length: 10 }, (_, i) => ask(pool, `other ${i}`));
      expect(await ask(pool, `once ${fault} all is well`)).toBe("all is well");
      expect(await Promise.all(others)).toEqual(others.map((_, i) => `other ${i}`));
      await until(() => pool.state.ready === 2);
      expect(lost.length).toBe(1);
      // Bun reports that a thread has ended without a message; on Deno it is only silent.
      if (reason !== undefined) expect(lost[0]).toBe(reason);
      expect(threads.length).toBe(3);
    });
  }

  test("gives up on a photo that crashes two workers, and the others continue", async () => {
    const { pool, lost } = faultyPool();
    await using _ = pool;
    await until(() => pool.state.ready === 2);
    const others = Array.from({ length: 10 }, (_, i) => ask(pool, `slow ${i * 10}`));
    expect(await codeOf(ask(pool, "crash"))).toBe("worker-lost");
    expect(await Promise.all(others)).toEqual(others.map((_, i) => `slow ${i * 10}`));
    expect(lost).toEqual(["crashed", "crashed"]);
  });

  test("fails with codes that a batch records and that HTTP maps to statuses", async () => {
    const { pool } = faultyPool();
    await using _ = pool;
    await withPath(async (path) => {
      await using results = await ResultsFile.open(path);
      const images = (async function* () {
        yield* ["crash", "fine"];
      })();
      const counts = await runBatch({
        images,
        read: async (image) => new TextEncoder().encode(image),
        captioner: {
          workers: 1,
          caption: (image, options, signal) => pool.caption({ image, options, signal }),
        },
        results,
      });
      expect(counts).toEqual({ captioned: 1, failed: 1, skipped: 0, leftOut: 0, failures: { "worker-lost": 1 } });
    });
    const lost = await ask(pool, "crash").then(
      () => undefined,
      (error: unknown) => problemOf(error),
    );
    expect([lost?.code, lost?.status]).toEqual(["worker-lost", 500]);
  });

  test("loses no photo when a thread is killed from outside while it works", async () => {
    const { pool, threads } = faultyPool();
    await using _ = pool;
    await until(() => pool.state.ready === 2);
    const asked = Array.from({ length: 30 }, (_, i) => ask(pool, `slow ${20 + i}`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    threads[0]!.terminate();
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => `slow ${20 + i}`));
  });

  test("streams no word twice if a photo is tried again", async () => {
    const { pool } = faultyPool();
    await using _ = pool;
    await pool.ready;
    const words: string[] = [];
    expect(await ask(pool, "once crash a dog runs on grass", undefined, words)).toBe("a dog runs on grass");
    expect(words).toEqual(["a", "dog", "runs", "on", "grass"]);
  });

  test("answers waiting callers when it is disposed of", async () => {
    const { pool } = faultyPool({ workers: 1 });
    await pool.ready;
    const asked = [codeOf(ask(pool, "slow 60000")), codeOf(ask(pool, "waits"))];
    await pool[Symbol.asyncDispose]();
    expect(await Promise.all(asked)).toEqual(["draining", "draining"]);
  });
});
