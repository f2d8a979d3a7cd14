import { describe, expect, test } from "bun:test";
import type { Caption } from "../../../../src/caption/caption.ts";
import { CaptionQueue } from "../../../../src/server/page/client/caption_queue.ts";
import { secondsOf } from "../../../../src/server/page/client/caption_stream.ts";
import type { Photo } from "../../../../src/server/page/client/photo.ts";
import { Problem } from "../../../../src/server/page/client/problem.ts";
import { captionOf, photoOf } from "./photos.ts";

/** A queue whose requests a test answers, one by one. */
function queueOf() {
  const asked: { photo: Photo; answer: PromiseWithResolvers<Caption>; signal: AbortSignal }[] = [];
  const slept: number[] = [];
  let wake: () => void = () => {};
  const queue = new CaptionQueue({
    ask: (photo, signal) => {
      const answer = Promise.withResolvers<Caption>();
      signal.addEventListener("abort", () => answer.reject(signal.reason));
      asked.push({ photo, answer, signal });
      return answer.promise;
    },
    changed: () => {},
    sleep: (milliseconds, signal) => {
      slept.push(milliseconds);
      const done = Promise.withResolvers<void>();
      wake = done.resolve;
      signal.addEventListener("abort", () => done.reject(signal.reason));
      return done.promise;
    },
  });
  return { queue, asked, slept, wake: () => wake() };
}

/** Lets everything that is resolved continue. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

const states = (photos: readonly Photo[]) => photos.map(({ state }) => state);
const photosOf = (count: number) => Array.from({ length: count }, (_, i) => photoOf(`${i}.jpg`));

describe("CaptionQueue", () => {
  test("requests three at once, in order, and captions all", async () => {
    const { queue, asked } = queueOf();
    const photos = photosOf(7);
    queue.add(photos);
    expect(states(photos)).toEqual(["working", "working", "working", "waiting", "waiting", "waiting", "waiting"]);
    for (let i = 0; i < 7; i++) {
      expect(asked.length).toBeLessThanOrEqual(i + 3);
      expect(asked[i]!.photo).toBe(photos[i]!);
      asked[i]!.answer.resolve(captionOf(`caption ${i}`));
      await settle();
    }
    expect(states(photos)).toEqual(photos.map(() => "done" as const));
    expect(photos.map(({ text }) => text)).toEqual(photos.map((_, i) => `caption ${i}`));
    expect(queue.busy).toBe(false);
  });

  test("asks a busy server again after the wait that it asks for", async () => {
    const { queue, asked, slept, wake } = queueOf();
    const [photo] = photosOf(1);
    queue.add([photo!]);
    asked[0]!.answer.reject(new Problem("queue-full", "", 503, 7));
    await settle();
    expect([slept, queue.pause, photo!.state]).toEqual([[7000], 7, "working"]);
    wake();
    await settle();
    asked[1]!.answer.reject(new Problem("", "", 429));
    await settle();
    // Without a time, each wait is twice the one before; none is longer than a minute.
    expect(slept).toEqual([7000, 2000]);
    wake();
    await settle();
    asked[2]!.answer.reject(new Problem("", "", 503, 3600));
    await settle();
    expect(slept[2]).toBe(60_000);
    wake();
    await settle();
    asked[3]!.answer.resolve(captionOf("a cup"));
    await settle();
    expect([photo!.state, photo!.text, queue.pause]).toEqual(["done", "a cup", undefined]);
  });

  test("gives up on a photo after ten tries, and says why", async () => {
    const { queue, asked, wake } = queueOf();
    const [photo] = photosOf(1);
    queue.add([photo!]);
    for (let i = 0; i < 10; i++) {
      asked[i]!.answer.reject(new Problem("", "", 503, 1));
      await settle();
      wake();
      await settle();
    }
    expect([asked.length, photo!.state, photo!.problem?.status]).toEqual([10, "failed", 503]);
  });

  test("continues after a photo that fails", async () => {
    const { queue, asked } = queueOf();
    const photos = photosOf(4);
    queue.add(photos);
    asked[0]!.answer.reject(new Problem("image-corrupt", "", 422));
    await settle();
    expect(states(photos)).toEqual(["failed", "working", "working", "working"]);
  });

  test("stops at a problem that every photo would have, and keeps all photos", async () => {
    const { queue, asked } = queueOf();
    const photos = photosOf(5);
    queue.add(photos);
    asked[1]!.answer.reject(new Problem("unreachable", "refused"));
    await settle();
    expect(states(photos)).toEqual(photos.map(() => "waiting" as const));
    expect([queue.stopped, queue.problem?.code]).toEqual([true, "unreachable"]);
    expect(asked.every(({ signal }) => signal.aborted)).toBe(true);
    queue.resume();
    expect([queue.problem, asked.slice(3).map(({ photo }) => photo.path)]).toEqual([
      undefined,
      ["0.jpg", "1.jpg", "2.jpg"],
    ]);
  });

  test("stops and continues as a person wants", async () => {
    const { queue, asked } = queueOf();
    const photos = photosOf(5);
    queue.add(photos);
    asked[0]!.answer.resolve(captionOf("a cup"));
    await settle();
    queue.stop();
    await settle();
    expect(states(photos)).toEqual(["done", "waiting", "waiting", "waiting", "waiting"]);
    expect([queue.stopped, queue.busy]).toEqual([true, false]);
    queue.add(photosOf(1));
    expect(asked.length).toBe(4);
    queue.resume();
    expect(asked.slice(4).map(({ photo }) => photo.path)).toEqual(["1.jpg", "2.jpg", "3.jpg"]);
  });

  test("starts again with new photos if the stopped ones are gone", () => {
    const { queue, asked } = queueOf();
    const photos = photosOf(2);
    queue.add(photos);
    queue.stop();
    for (const photo of photos) queue.remove(photo);
    queue.add([photoOf("new.jpg")]);
    expect([queue.stopped, asked.at(-1)!.photo.path]).toEqual([false, "new.jpg"]);
  });

  test("drops a removed photo, and continues with the next", async () => {
    const { queue, asked } = queueOf();
    const photos = photosOf(4);
    queue.add(photos);
    expect(queue.remove(photos[0]!)).toBe(true);
    expect(asked[0]!.signal.aborted).toBe(true);
    await settle();
    expect(asked.map(({ photo }) => photo.path)).toEqual(["0.jpg", "1.jpg", "2.jpg", "3.jpg"]);
    expect(photos[0]!.state).toBe("waiting");
    expect(queue.remove(photos[0]!)).toBe(false);
  });

  test("tries once more if the connection broke", async () => {
    const { queue, asked, wake } = queueOf();
    const [photo] = photosOf(1);
    queue.add([photo!]);
    for (let i = 0; i < 2; i++) {
      asked[i]!.answer.reject(new Problem("interrupted", ""));
      await settle();
      wake();
      await settle();
    }
    expect([asked.length, photo!.state]).toEqual([2, "failed"]);
  });
});

describe("Photo", () => {
  test("is unsure where the model guesses, until a person wrote a text", () => {
    const photo = photoOf("trip/a.jpg");
    photo.caption = captionOf("a cup", { confidence: 0.3 });
    expect([photo.state, photo.name]).toEqual(["unsure", "a.jpg"]);
    photo.edited = "An espresso";
    expect([photo.state, photo.text]).toEqual(["done", "An espresso"]);
    photo.edited = "";
    expect(photo.text).toBe("");
    photo.edited = undefined;
    photo.caption = captionOf("a cup", { confidence: 0.5 });
    expect(photo.state).toBe("done");
  });

  test("that failed counts as done once a person described it", () => {
    const photo = photoOf("a.heic");
    photo.problem = new Problem("format-unreadable", "HEIC");
    expect(photo.state).toBe("failed");
    photo.edited = "An espresso";
    expect(photo.state).toBe("done");
  });
});

test("a removed photo frees its memory", async () => {
  const photo = photoOf("a.jpg");
  const { address } = photo;
  expect([photo.address, await (await fetch(address)).text()]).toEqual([address, "a picture"]);
  photo.forget();
  expect(await fetch(address).catch(() => "gone")).toBe("gone");
});

describe("secondsOf()", () => {
  test("reads seconds and dates", () => {
    const now = Date.parse("Fri, 31 Dec 1999 23:59:50 GMT");
    expect(secondsOf("7", now)).toBe(7);
    expect(secondsOf("Fri, 31 Dec 1999 23:59:59 GMT", now)).toBe(9);
    expect(secondsOf("Fri, 31 Dec 1998 23:59:59 GMT", now)).toBe(0);
    expect([secondsOf(null, now), secondsOf("soon", now)]).toEqual([undefined, undefined]);
  });
});
