/** The rules of a pool, with threads that do what the test says; worker_pool_test.ts has real ones. */
import { describe, expect, test } from "bun:test";
import { EdgecapError } from "../../src/errors.ts";
import { PoolBusyError } from "../../src/pool/pool_busy_error.ts";
import { ask, fakePool, isPending, stop, until } from "./fake_pool.ts";
import type { FakeThread } from "./fake_thread.ts";

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
    const two = fakePool({ workers: 2, queueSize: 0 });
    for (const thread of two.threads) thread.ready();
    // One works, and the other is idle.
    const both = [ask(two.pool), ask(two.pool)];
    expect(await ask(two.pool)).toMatchObject({ code: "queue-full" });
    for (const thread of two.threads) thread.done();
    expect(await Promise.all(both)).toEqual(["caption 0", "caption 1"]);
    await stop(two.pool, two.threads);
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

  test("takes what would be answered just in time", async () => {
    const { pool, threads } = fakePool({ deadlineMs: 18_000 });
    threads[0]!.ready();
    const all = [ask(pool)];
    threads[0]!.done(0, 9000);
    all.push(ask(pool), ask(pool), ask(pool));
    expect(pool.state).toMatchObject({ busy: 1, queue: 2 });
    expect(await ask(pool)).toMatchObject({ code: "deadline-exceeded" });
    for (const id of [1, 2, 3]) threads[0]!.done(id);
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3].map((id) => `caption ${id}`));
    await stop(pool, threads);
  });

  test("needs nobody who observes it", async () => {
    for (const some of [false, true]) {
      const { pool, threads } = fakePool({ observer: {} }, some);
      threads[0]!.ready();
      const only = ask(pool);
      threads[0]!.crash();
      await until(() => threads.length === 2);
      threads[1]!.ready();
      threads[1]!.done();
      expect(await only).toBe("caption 0");
      await stop(pool, threads);
    }
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
    const words: string[] = [];
    const first = ask(pool, { signal: early.signal, onWord: ({ text }) => words.push(text) });
    const second = ask(pool, { signal: late.signal });
    const third = ask(pool);
    late.abort(reason);
    expect(await second).toMatchObject({ code: "aborted", cause: reason });
    thread.ready();
    early.abort();
    expect(await first).toMatchObject({ code: "aborted", message: "The client disconnected." });
    expect(thread.sent.at(-1)).toEqual({ type: "abort", id: 0 });
    thread.say({ type: "word", id: 0, word: { text: "late", logProbability: -1 } });
    expect(words).toEqual([]);
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
});
