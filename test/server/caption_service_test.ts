import { describe, expect, test } from "bun:test";
import type { Caption } from "../../src/caption/caption.ts";
import type { JobRequest } from "../../src/pool/job.ts";
import { CaptionService } from "../../src/server/caption_service.ts";

/** A pool that holds every photo until the test lets it caption it. */
class HeldPool {
  readonly asked: { request: JobRequest; finish: (text: string) => void }[] = [];

  caption(request: JobRequest): Promise<Caption> {
    const { promise, resolve, reject } = Promise.withResolvers<Caption>();
    request.signal.addEventListener("abort", () => reject(request.signal.reason));
    this.asked.push({ request, finish: (text) => resolve(captionOf(text)) });
    return promise;
  }
}

function captionOf(text: string): Caption {
  const words = text.split(" ").map((word) => ({ text: word, logProbability: -1 }));
  return {
    caption: text,
    logProbability: -words.length,
    words,
    alternatives: [],
    concepts: [],
    timing: { imageMs: 1, encodeMs: 1, generateMs: 1 },
  };
}

const photo = Uint8Array.of(1, 2, 3);
const { signal } = new AbortController();

describe("CaptionService", () => {
  test("answers the same photo with the same options from its cache", async () => {
    const pool = new HeldPool();
    const service = new CaptionService(pool, 1e6);
    const first = service.caption(photo, { beams: 2 }, { signal });
    pool.asked[0]!.finish("a dog");
    expect((await first).origin).toBe("inference");
    const words: string[] = [];
    const again = await service.caption(
      photo.slice(),
      { beams: 2 },
      { signal, onWord: ({ text }) => words.push(text) },
    );
    expect(again).toEqual({ caption: captionOf("a dog"), origin: "cache" });
    expect(words).toEqual(["a", "dog"]);
    expect(pool.asked.length).toBe(1);
    void service.caption(photo, { beams: 3 }, { signal });
    void service.caption(Uint8Array.of(1, 2), { beams: 2 }, { signal });
    void service.caption(photo, { beams: 2 }, { signal, fromCache: false });
    expect(pool.asked.length).toBe(4);
  });

  test("stays within its memory limit, and stores nothing if the limit is 0", async () => {
    const pool = new HeldPool();
    const service = new CaptionService(pool, 5000);
    for (let i = 0; i < 50; i++) {
      const asked = service.caption(Uint8Array.of(i), {}, { signal });
      pool.asked.at(-1)!.finish("a dog runs on the grass");
      await asked;
      expect(service.cached.bytes).toBeLessThanOrEqual(5000);
    }
    const { entries } = service.cached;
    expect(entries).toBeGreaterThan(0);
    expect(entries).toBeLessThan(50);
    const secret = service.caption(photo, {}, { signal, toCache: false });
    pool.asked.at(-1)!.finish("a secret");
    await secret;
    expect(service.cached.entries).toBe(entries);
    const none = new CaptionService(pool, 0);
    const asked = none.caption(photo, {}, { signal });
    pool.asked.at(-1)!.finish("a dog");
    await asked;
    expect(none.cached).toEqual({ bytes: 0, entries: 0 });
  });

  test("lets identical photos in flight share one inference, words included", async () => {
    const pool = new HeldPool();
    const service = new CaptionService(pool, 0);
    const heard: string[][] = [[], []];
    const first = service.caption(photo, {}, { signal, onWord: ({ text }) => heard[0]!.push(text) });
    pool.asked[0]!.request.onWord!({ text: "a", logProbability: -1 });
    const second = service.caption(photo, {}, { signal, onWord: ({ text }) => heard[1]!.push(text) });
    pool.asked[0]!.request.onWord!({ text: "dog", logProbability: -1 });
    pool.asked[0]!.finish("a dog");
    expect((await Promise.all([first, second])).map(({ origin }) => origin)).toEqual(["inference", "shared"]);
    expect(heard).toEqual([
      ["a", "dog"],
      ["a", "dog"],
    ]);
    expect(pool.asked.length).toBe(1);
  });

  test("continues if one of two callers leaves, and stops if the last one does", async () => {
    const pool = new HeldPool();
    const service = new CaptionService(pool, 0);
    const leavers = [new AbortController(), new AbortController()];
    const asked = leavers.map((one) => service.caption(photo, {}, { signal: one.signal }).catch(() => "left"));
    leavers[0]!.abort();
    expect(await asked[0]).toBe("left");
    expect(pool.asked[0]!.request.signal.aborted).toBe(false);
    leavers[1]!.abort();
    expect(await asked[1]).toBe("left");
    expect(pool.asked[0]!.request.signal.aborted).toBe(true);
    void service.caption(photo, {}, { signal }).catch(() => {});
    expect(pool.asked.length).toBe(2);
  });

  test("stops if a request leaves that has sent the same photo several times", async () => {
    const pool = new HeldPool();
    const service = new CaptionService(pool, 0);
    const leaver = new AbortController();
    const ask = (one: AbortSignal) => service.caption(photo, {}, { signal: one }).catch(() => "left");
    const asked = [ask(leaver.signal), ask(leaver.signal), ask(leaver.signal)];
    leaver.abort();
    expect(pool.asked.map(({ request }) => request.signal.aborted)).toEqual([true]);
    // Whoever comes now does not join what is being aborted.
    const next = ask(signal);
    expect(pool.asked.map(({ request }) => request.signal.aborted)).toEqual([true, false]);
    pool.asked[1]!.finish("a dog");
    expect(await next).toMatchObject({ origin: "inference" });
    expect(await Promise.all(asked)).toEqual(["left", "left", "left"]);
    // With somebody else aboard it continues.
    const both = [ask(signal), ask(leaver.signal), ask(leaver.signal)];
    expect(pool.asked[2]!.request.signal.aborted).toBe(false);
    pool.asked[2]!.finish("a cat");
    expect(await both[0]).toMatchObject({ caption: { caption: "a cat" } });
  });
});
