import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BodyMemory } from "../../src/server/body_memory.ts";
import { problemOf } from "../../src/server/problem.ts";

describe("BodyMemory", () => {
  test("holds as much as its limit, and refuses one byte more with a time to try again", () => {
    const memory = new BodyMemory(10);
    using first = memory.share();
    using second = memory.share();
    first.take(6);
    second.take(4);
    expect([memory.limit, memory.held]).toEqual([10, 10]);
    let thrown: unknown;
    try {
      second.take(1);
    } catch (error) {
      thrown = error;
    }
    const { code, status, message, headers } = problemOf(thrown) as unknown as Record<string, unknown>;
    expect([code, status, message]).toEqual(["memory-full", 503, expect.stringContaining("try again")]);
    expect(headers).toMatchObject({ "retry-after": "2", connection: "close" });
    expect(memory.held).toBe(10);
  });

  test("frees the memory of a share once, and gives it no more", () => {
    const memory = new BodyMemory(10);
    const share = memory.share();
    share.take(7);
    share[Symbol.dispose]();
    share[Symbol.dispose]();
    share.take(3);
    expect(memory.held).toBe(0);
  });

  test("never holds more than its limit, and is empty in the end, property", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(60), fc.boolean())), (steps) => {
        const memory = new BodyMemory(100);
        const shares = Array.from({ length: 4 }, () => memory.share());
        for (const [place, bytes, isEnd] of steps) {
          const before = memory.held;
          try {
            if (isEnd) shares[place]![Symbol.dispose]();
            else shares[place]!.take(bytes);
          } catch {
            expect(before + bytes).toBeGreaterThan(100);
            expect(memory.held).toBe(before);
          }
          expect(memory.held).toBeLessThanOrEqual(100);
        }
        for (const share of shares) share[Symbol.dispose]();
        expect(memory.held).toBe(0);
      }),
    );
  });
});
