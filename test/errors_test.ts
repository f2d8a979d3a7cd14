import { describe, expect, test } from "bun:test";
import { EdgecapError, type ErrorCode, faultOf, firstThrown } from "../src/errors.ts";

describe("faultOf", () => {
  const cases: readonly (readonly [ErrorCode | "internal", string])[] = [
    ["image-corrupt", "picture"],
    ["file-unreadable", "picture"],
    ["option-invalid", "caller"],
    ["bundle-hash-mismatch", "bundle"],
    ["graph-failed", "machine"],
    ["file-unwritable", "machine"],
    ["worker-lost", "machine"],
    ["aborted", "stopped"],
    ["internal", "machine"],
  ];
  for (const [code, fault] of cases) {
    test(`${code}: ${fault}`, () => expect(faultOf(code)).toBe(fault as ReturnType<typeof faultOf>));
  }
});

describe("firstThrown", () => {
  const failing = (message: string) => ({
    [Symbol.dispose]() {
      throw new Error(message);
    },
  });

  test("finds the error that disposals hide", () => {
    const cause = new EdgecapError("data-invalid", "The captions are damaged.");
    const work = () => {
      using _outer = failing("outer");
      using _inner = failing("inner");
      throw cause;
    };
    let thrown: unknown;
    try {
      work();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).not.toBe(cause);
    expect(firstThrown(thrown)).toBe(cause);
  });

  test("leaves other values as they are", () => {
    const error = new Error("plain");
    for (const value of [error, undefined, "text", { suppressed: error }]) expect(firstThrown(value)).toBe(value);
  });
});
