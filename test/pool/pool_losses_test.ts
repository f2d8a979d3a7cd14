/** What a pool does when it loses workers or is disposed of, with threads that do what the test says. */
import { describe, expect, test } from "bun:test";
import { EdgecapError } from "../../src/errors.ts";
import { ask, fakePool, isPending, stop, until } from "./fake_pool.ts";

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

describe("WorkerPool", () => {
  test("gives a lost worker's photo to the next one, before those that wait, and gives up after two", async () => {
    const { pool, threads, seen } = fakePool();
    threads[0]!.ready();
    const [first, second] = [ask(pool), ask(pool)];
    expect(threads[0]!.crash()).toBe(true);
    expect([threads[0]!.terminated, pool.state]).toEqual([true, { ready: 0, busy: 0, starting: 1, queue: 2 }]);
    // What a thread says after its end counts for nothing.
    threads[0]!.done(0);
    threads[0]!.crash();
    threads[0]!.ready();
    expect(pool.state.ready).toBe(0);
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

  test("gives a lost worker's photo to one that is idle, at once", async () => {
    const { pool, threads } = fakePool({ workers: 2 });
    for (const thread of threads) thread.ready();
    const only = ask(pool);
    threads[0]!.crash();
    expect(threads[1]!.jobs).toEqual([0]);
    threads[1]!.done();
    expect(await only).toBe("caption 0");
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
    const end = performance.now() + 300;
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

  test("answers for a photo that a worker has when it is disposed of", async () => {
    const { pool, threads } = fakePool();
    threads[0]!.ready();
    const only = ask(pool);
    await pool[Symbol.asyncDispose]();
    expect(await only).toMatchObject({ code: "draining" });
  });

  test("is never ready if it is disposed of before", async () => {
    const { pool, threads } = fakePool();
    const ready = pool.ready.catch((error: unknown) => error);
    await stop(pool, threads);
    expect(await ready).toMatchObject({ code: "draining" });
  });
});
