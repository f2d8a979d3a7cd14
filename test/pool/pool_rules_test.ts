/** The rules of a pool, with threads that do what the test says; worker_pool_test.ts has real ones. */
import { describe, expect, test } from "bun:test";
import type { CaptionWord } from "../../src/caption/caption.ts";
import { EdgecapError } from "../../src/errors.ts";
import { PoolBusyError } from "../../src/pool/pool_busy_error.ts";
import { type PoolOptions, WorkerPool } from "../../src/pool/worker_pool.ts";
import { FakeThread } from "./fake_thread.ts";

/** A pool of fake threads, and what its observer saw. */
function fakePool(options: Partial<PoolOptions> = {}) {
  const threads: FakeThread[] = [];
  const seen: unknown[][] = [];
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
    observer: {
      started: (waitMs) => seen.push(["started", waitMs >= 0 && waitMs < 600_000]),
      captioned: ({ caption }) => seen.push(["captioned", caption]),
      replaced: (reason, message) => seen.push(["replaced", reason, message]),
    },
    ...options,
  });
  return { pool, threads, seen };
}

/** Asks for a caption; gives its text, or the error. */
function ask(
  pool: WorkerPool,
  more: { signal?: AbortSignal; onWord?: (word: CaptionWord) => void; image?: string } = {},
) {
  const { signal = new AbortController().signal, onWord, image = "" } = more;
  return pool.caption({ image: new TextEncoder().encode(image), options: { beams: 3 }, signal, onWord }).then(
    ({ caption }) => caption,
    (error: unknown) => error as EdgecapError,
  );
}

const isPending = async (promise: Promise<unknown>) =>
  (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 5, "pending"))])) === "pending";

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Runs work while timers fire at once, and gives their times. */
async function timesOf(work: (times: number[]) => Promise<void>): Promise<number[]> {
  const { setTimeout } = globalThis;
  const times: number[] = [];
  globalThis.setTimeout = ((action: () => void, ms: number) => {
    times.push(ms);
    return setTimeout(action, 0);
  }) as unknown as typeof setTimeout;
  try {
    await work(times);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  return times;
}

/** Disposes of a pool whose workers may still be starting. */
async function stop(pool: WorkerPool, threads: readonly FakeThread[]): Promise<void> {
  const stopped = pool[Symbol.asyncDispose]();
  for (const thread of threads) thread.ready();
  await stopped;
}

describe("WorkerPool", () => {
  test("tells each thread what to load", async () => {
    const files = new Map([["manifest.json", new Uint8Array(1)]]);
    const cases = [
      [{}, { bundle: undefined, backend: undefined }],
      [{ bundle: new URL("https://example.org/bundle") }, { bundle: "https://example.org/bundle", backend: undefined }],
      [
        { bundle: files, backend: "wasm", workers: 2 },
        { bundle: files, backend: "wasm" },
      ],
    ] as const;
    for (const [options, load] of cases) {
      const { pool, threads } = fakePool(options);
      expect(threads.map(({ sent }) => sent)).toEqual(threads.map(() => [{ type: "load", ...load }]));
      await stop(pool, threads);
    }
  });

  test("is ready with its first worker, whose model it describes", async () => {
    const { pool, threads } = fakePool({ workers: 2 });
    expect([pool.model, pool.state]).toEqual([undefined, { ready: 0, busy: 0, starting: 2, queue: 0 }]);
    threads[1]!.ready("first");
    expect(await pool.ready).toEqual({ name: "first" });
    threads[0]!.ready("second");
    expect([pool.model, pool.state]).toEqual([{ name: "first" }, { ready: 2, busy: 0, starting: 0, queue: 0 }]);
    await stop(pool, threads);
  });

  test("gives each worker one photo at a time, in the order of their arrival", async () => {
    const { pool, threads, seen } = fakePool({ workers: 2 });
    const all = [1, 2, 3, 4].map((at) => ask(pool, { image: `${at}` }));
    expect(pool.state.queue).toBe(4);
    for (const thread of threads) thread.ready();
    expect(pool.state).toEqual({ ready: 2, busy: 2, starting: 0, queue: 2 });
    expect(threads[0]!.sent[1]).toEqual({
      ...{ type: "job", id: 0, words: false },
      ...{ image: new TextEncoder().encode("1"), options: { beams: 3 } },
    });
    threads[1]!.done();
    threads[0]!.done();
    expect(threads.map(({ jobs }) => jobs)).toEqual([
      [0, 3],
      [1, 2],
    ]);
    for (const thread of threads) thread.done();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3].map((id) => `caption ${id}`));
    expect(seen.filter(([what]) => what === "started")).toEqual(Array(4).fill(["started", true]));
    expect(seen.filter(([what]) => what === "captioned")[0]).toEqual(["captioned", "caption 1"]);
    expect(pool.state).toEqual({ ready: 2, busy: 0, starting: 0, queue: 0 });
    await stop(pool, threads);
  });

  test("passes on words and errors, and ignores what belongs to no photo of that worker", async () => {
    const { pool, threads } = fakePool();
    const [thread] = threads as [FakeThread];
    thread.ready();
    const words: string[] = [];
    const first = ask(pool, { onWord: ({ text }) => words.push(text) });
    expect(thread.sent[1]).toMatchObject({ words: true });
    const word = (text: string, id = 0) => thread.say({ type: "word", id, word: { text, logProbability: -1 } });
    word("a");
    word("wrong", 7);
    thread.done(7);
    word("dog");
    expect(await isPending(first)).toBe(true);
    thread.say({ type: "failed", id: 0, code: "image-corrupt", message: "It ends early." });
    expect(await first).toMatchObject({ code: "image-corrupt", message: "It ends early." });
    expect(await first).toBeInstanceOf(EdgecapError);
    word("late");
    expect(words).toEqual(["a", "dog"]);
    const second = ask(pool);
    thread.say({ type: "failed", id: 1, code: undefined, message: "Out of memory." });
    expect(await second).toMatchObject({ name: "Error", message: "Out of memory." });
    expect(pool.state.busy).toBe(0);
    await stop(pool, threads);
  });

  test("takes what fits into the queue, and one more for each idle worker", async () => {
    const { pool, threads } = fakePool({ queueSize: 0 });
    expect(await ask(pool)).toMatchObject({ code: "queue-full" });
    threads[0]!.ready();
    const only = ask(pool);
    const refused = await ask(pool);
    expect(refused).toMatchObject({
      code: "queue-full",
      message: "All 0 places in the queue are taken: try again in 1 s.",
    });
    expect((refused as PoolBusyError).retryAfterSeconds).toBe(1);
    threads[0]!.done();
    expect(await only).toBe("caption 0");
    await stop(pool, threads);
    const { pool: other, threads: more } = fakePool({ queueSize: 2 });
    const waiting = [ask(other), ask(other)];
    expect(await ask(other)).toMatchObject({ code: "queue-full" });
    await stop(other, more);
    expect(await Promise.all(waiting)).toMatchObject([{ code: "draining" }, { code: "draining" }]);
  });

  test("refuses at once what would wait too long, by the mean time of the last photos", async () => {
    const { pool, threads } = fakePool({ deadlineMs: 15_000 });
    const [thread] = threads as [FakeThread];
    thread.ready();
    const first = ask(pool);
    thread.done(0, 9000);
    await first;
    const next = [ask(pool), ask(pool)];
    // One is with the worker and one waits, so a third would wait for two photos of 9 s.
    const refused = await ask(pool);
    expect(refused).toMatchObject({
      code: "deadline-exceeded",
      message: "This request would wait too long: try again in 18 s.",
    });
    expect(refused).toBeInstanceOf(PoolBusyError);
    // Each photo counts an eighth: 9000 + (1000 - 9000) / 8 = 8000, twice that is more than 15 s, and the next is not.
    thread.done(1, 1000);
    next.push(ask(pool));
    expect(await ask(pool)).toMatchObject({ message: expect.stringContaining("try again in 16 s") });
    thread.done(2, 0);
    next.push(ask(pool));
    thread.done(3, 0);
    thread.done(4, 0);
    expect(await Promise.all(next)).toEqual([1, 2, 3, 4].map((id) => `caption ${id}`));
    await stop(pool, threads);
  });

  test("expects half the wait of twice the workers", async () => {
    const { pool, threads } = fakePool({ workers: 2, deadlineMs: 15_000 });
    for (const thread of threads) thread.ready();
    const all = [ask(pool)];
    threads[0]!.done(0, 9000);
    all.push(ask(pool), ask(pool), ask(pool), ask(pool));
    expect(pool.state).toMatchObject({ busy: 2, queue: 2 });
    all.push(ask(pool).catch(String));
    expect(await ask(pool)).toMatchObject({ code: "deadline-exceeded" });
    await stop(pool, threads);
    await Promise.all(all);
  });

  test("frees the place of a client that leaves", async () => {
    const { pool, threads } = fakePool();
    const [thread] = threads as [FakeThread];
    const [early, late] = [new AbortController(), new AbortController()];
    const reason = new Error("gone");
    const first = ask(pool, { signal: early.signal });
    const second = ask(pool, { signal: late.signal });
    const third = ask(pool);
    late.abort(reason);
    expect(await second).toMatchObject({ code: "aborted", cause: reason });
    thread.ready();
    early.abort();
    expect(await first).toMatchObject({ code: "aborted", message: "The client disconnected." });
    expect(thread.sent.at(-1)).toEqual({ type: "abort", id: 0 });
    // The worker is free once it has noticed.
    expect([thread.jobs, pool.state]).toEqual([[0], { ready: 1, busy: 1, starting: 0, queue: 1 }]);
    thread.say({ type: "failed", id: 0, code: "aborted", message: "Aborted." });
    expect(thread.jobs).toEqual([0, 2]);
    thread.done();
    expect(await third).toBe("caption 2");
    expect(await ask(pool, { signal: AbortSignal.abort(reason) })).toMatchObject({ code: "aborted", cause: reason });
    expect(thread.jobs).toEqual([0, 2]);
    await stop(pool, threads);
  });

  test("answers at the deadline, in the queue and with a worker", async () => {
    const { pool, threads } = fakePool({ deadlineMs: 40 });
    const [thread] = threads as [FakeThread];
    thread.ready();
    const both = [ask(pool), ask(pool)];
    for (const one of await Promise.all(both))
      expect(one).toMatchObject({ code: "deadline-exceeded", message: "The answer took too long: try again in 1 s." });
    expect(thread.sent.at(-1)).toEqual({ type: "abort", id: 0 });
    expect(pool.state).toMatchObject({ busy: 1, queue: 0 });
    await stop(pool, threads);
  });

  test("gives a lost worker's photo to the next one, before those that wait, and gives up after two", async () => {
    const { pool, threads, seen } = fakePool();
    threads[0]!.ready();
    const [first, second] = [ask(pool), ask(pool)];
    expect(threads[0]!.crash()).toBe(true);
    expect([threads[0]!.terminated, pool.state]).toEqual([true, { ready: 0, busy: 0, starting: 1, queue: 2 }]);
    // What a thread says after its end counts for nothing.
    threads[0]!.done(0);
    threads[0]!.crash();
    await until(() => threads.length === 2);
    threads[1]!.ready();
    expect(threads[1]!.jobs).toEqual([0]);
    threads[1]!.dispatchEvent(new Event("close"));
    expect(await first).toMatchObject({
      code: "worker-lost",
      message: "Two workers crashed or hung on this picture, so it will not be tried again.",
    });
    await until(() => threads.length === 3);
    threads[2]!.ready();
    threads[2]!.dispatchEvent(new Event("messageerror"));
    await until(() => threads.length === 4);
    threads[3]!.ready();
    threads[3]!.done();
    expect(await second).toBe("caption 1");
    const lost = seen.filter(([what]) => what === "replaced");
    expect(lost).toEqual(Array(3).fill(["replaced", "crashed", "A worker was lost: crashed."]));
    // A photo that is tried again has started before.
    expect(seen.filter(([what]) => what === "started")).toHaveLength(2);
    await stop(pool, threads);
  });

  test("does not try a photo again that nobody waits for", async () => {
    const { pool, threads } = fakePool();
    threads[0]!.ready();
    const leaving = new AbortController();
    const only = ask(pool, { signal: leaving.signal });
    leaving.abort();
    await only;
    threads[0]!.crash();
    expect(pool.state.queue).toBe(0);
    await stop(pool, threads);
  });

  test("starts a worker again at once if it was ready, otherwise ever later", async () => {
    const { pool, threads } = fakePool();
    const refused = { type: "refused", code: undefined, message: "No room." } as const;
    const waits = await timesOf(async () => {
      for (let start = 0; start < 9; start++) {
        await until(() => threads.length === start + 1);
        threads[start]!.say(refused);
      }
      await until(() => threads.length === 10);
      threads[9]!.ready();
      threads[9]!.crash();
      await until(() => threads.length === 11);
      threads[10]!.crash();
      await until(() => threads.length === 12);
    });
    const own = waits.filter((ms) => ms !== 5);
    expect(own).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 0, 250]);
    expect(pool.model).toEqual({ name: "fake" });
    await stop(pool, threads);
  });

  test("reports why the first worker could not load, and goes on if there is no code", async () => {
    const { pool, threads, seen } = fakePool();
    threads[0]!.say({ type: "refused", code: "bundle-missing", message: "No bundle here." });
    const error = await pool.ready.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(EdgecapError);
    expect(error).toMatchObject({ code: "bundle-missing", message: "No bundle here." });
    expect(seen).toEqual([["replaced", "refused", "No bundle here."]]);
    expect(threads[0]!.terminated).toBe(true);
    await pool[Symbol.asyncDispose]();
    const other = fakePool();
    other.threads[0]!.say({ type: "refused", code: undefined, message: "TypeError" });
    await until(() => other.threads.length === 2);
    other.threads[1]!.ready();
    expect((await other.pool.ready).name).toBe("fake");
    await stop(other.pool, other.threads);
  });

  test("refuses a worker with another model than the first, until that is back", async () => {
    const { pool, threads, seen } = fakePool({ workers: 2 });
    threads[0]!.ready("one", "first");
    threads[1]!.ready("two", "second");
    expect(seen).toEqual([["replaced", "refused", expect.stringMatching(/^The bundle was replaced by another one/)]]);
    expect([threads[1]!.terminated, pool.state.ready, pool.model]).toEqual([true, 1, { name: "one" }]);
    await until(() => threads.length === 3);
    threads[2]!.ready("three", "first");
    expect([pool.state.ready, pool.model]).toEqual([2, { name: "one" }]);
    await stop(pool, threads);
  });

  test("replaces a worker that is silent, not one that answers, and blames none for a pause of this thread", async () => {
    const { pool, threads, seen } = fakePool({ workers: 2, hangMs: 200 });
    for (const thread of threads) thread.ready();
    threads[1]!.answersPings = false;
    await until(() => threads.length === 3);
    expect(seen).toEqual([["replaced", "hung", "A worker was lost: hung."]]);
    expect([threads[0]!.terminated, threads[1]!.terminated]).toEqual([false, true]);
    expect(threads[0]!.pings).toBeGreaterThan(2);
    const pings = threads[1]!.pings;
    threads[2]!.ready();
    // The machine sleeps.
    const end = performance.now() + 500;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(threads).toHaveLength(3);
    expect(threads[1]!.pings).toBe(pings);
    await stop(pool, threads);
  });

  test("answers everybody when it is disposed of, and starts nothing more", async () => {
    const { pool, threads } = fakePool({ workers: 2 });
    threads[0]!.ready();
    const all = [ask(pool), ask(pool)];
    threads[0]!.crash();
    const stopped = pool[Symbol.asyncDispose]();
    for (const one of await Promise.all(all))
      expect(one).toMatchObject({ code: "draining", message: "The workers are stopping: try again in 5 s." });
    // Stopping a thread that starts could crash the process.
    expect(await isPending(stopped)).toBe(true);
    expect(threads[1]!.terminated).toBe(false);
    threads[1]!.ready();
    await stopped;
    expect(threads.every(({ terminated }) => terminated)).toBe(true);
    expect(await ask(pool)).toMatchObject({ code: "draining" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(threads).toHaveLength(2);
  });

  test("is never ready if it is disposed of before", async () => {
    const { pool, threads } = fakePool();
    const ready = pool.ready.catch((error: unknown) => error);
    await stop(pool, threads);
    expect(await ready).toMatchObject({ code: "draining" });
  });
});
