import { describe, expect, test } from "bun:test";
import { abortable } from "../../src/async/abortable.ts";

/** The error that some work rejects with. */
const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "no error",
    (error: unknown) => error,
  );

describe("abortable()", () => {
  test("gives the result of the work, or its error", async () => {
    const { signal } = new AbortController();
    const failure = new Error("failed");
    expect(await abortable(Promise.resolve(3), signal)).toBe(3);
    expect(await abortable(Promise.resolve(3), undefined)).toBe(3);
    expect(await rejection(abortable(Promise.reject(failure), signal))).toBe(failure);
  });

  test("rejects with the signal's own reason, at once, and lets the work end unseen", async () => {
    const controller = new AbortController();
    const reason = { why: "the page was left" };
    const { promise, reject } = Promise.withResolvers<never>();
    const waiting = rejection(abortable(promise, controller.signal));
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    // An unhandled rejection would end the process.
    reject(new Error("too late"));
    expect(await rejection(abortable(Promise.resolve(), controller.signal))).toBe(reason);
  });
});
