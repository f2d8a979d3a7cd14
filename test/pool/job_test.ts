import { describe, expect, test } from "bun:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Caption, CaptionWord } from "../../src/caption/caption.ts";
import { Job, type JobRequest } from "../../src/pool/job.ts";

const caption = { caption: "a dog" } as Caption;

function jobOf(request: Partial<JobRequest> = {}, deadlineMs = 60_000): Job {
  const whole = {
    image: new Uint8Array(),
    options: {},
    signal: new AbortController().signal,
    ...request,
  } as JobRequest;
  return new Job(1, whole, deadlineMs);
}

describe("Job", () => {
  test("is settled once, by the first of its ends", async () => {
    const job = jobOf();
    expect(job.settled).toBe(false);
    job.resolve(caption);
    expect(job.settled).toBe(true);
    job.reject(new Error("too late"));
    expect(await job.result).toBe(caption);
    const failed = jobOf();
    failed.reject(new Error("first"));
    failed.resolve(caption);
    await expect(failed.result).rejects.toThrow("first");
  });

  test("is watched until it is settled, and no longer", async () => {
    for (const isSettled of [false, true]) {
      const stop = new AbortController();
      const seen: string[] = [];
      const job = jobOf({ signal: stop.signal }, 30);
      expect(job.deadline - job.queued).toBeCloseTo(30);
      job.watch(
        () => seen.push("aborted"),
        () => seen.push("late"),
      );
      if (isSettled) job.resolve(caption);
      else while (!seen.includes("late")) await wait(5);
      await wait(60);
      stop.abort();
      stop.signal.dispatchEvent(new Event("abort"));
      expect(seen).toEqual(isSettled ? [] : ["late", "aborted"]);
    }
  });

  test("stops watching its signal without stopping others that do", () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const [first, second] = [jobOf({ signal: stop.signal }), jobOf({ signal: stop.signal })];
    first.watch(
      () => seen.push("first"),
      () => {},
    );
    second.watch(
      () => seen.push("second"),
      () => {},
    );
    first.resolve(caption);
    stop.abort();
    expect(seen).toEqual(["second"]);
    second.resolve(caption);
  });

  test("reports each word once, even if several workers begin it, and only if somebody asked", () => {
    const words: CaptionWord[] = ["a", "dog", "runs"].map((text) => ({ text, logProbability: -1 }));
    const heard: CaptionWord[] = [];
    const job = jobOf({ onWord: (word) => void heard.push(word) });
    job.begin();
    job.tell(words[0]!);
    job.tell(words[1]!);
    job.begin();
    for (const word of words) job.tell(word);
    expect(job.attempts).toBe(2);
    expect(heard).toEqual(words);
    const silent = jobOf();
    silent.begin();
    silent.tell(words[0]!);
    expect(silent.attempts).toBe(1);
  });
});
