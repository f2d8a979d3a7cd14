import { describe, expect, test } from "bun:test";
import { EdgecapError, type ErrorCode, faultOf, firstThrown, memoryMissing, unwritable } from "../src/errors.ts";

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

describe("unwritable", () => {
  test("says in words why the system refuses, and what to do", () => {
    const said = (code: string) => unwritable("a.txt", Object.assign(new Error("no"), { code })).message;
    for (const code of ["ENOSPC", "EROFS", "EACCES", "ENOENT", "ENOTDIR", "ENAMETOOLONG"])
      expect(said(code)).toMatch(/^Cannot write "a\.txt": [a-z ,-]+\. (?:Free|Choose|Make) [a-z ,]+\.$/);
    expect(said("EIO")).toBe('Cannot write "a.txt": Error: no. Check that you may write to the folder.');
  });
});

describe("memoryMissing", () => {
  test("finds what runtimes say of a lack of memory, in an error or its causes, and nothing else", () => {
    for (const message of [
      "WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance",
      "WebAssembly.Memory.grow(): Unable to grow instance memory.",
      "Out of memory",
      "std::bad_alloc",
    ]) {
      const cause = new RangeError(message);
      for (const error of [cause, new EdgecapError("graph-failed", "The graph failed.", { cause })])
        expect(memoryMissing(error)?.message).toMatch(/^There is not enough memory: .+ Free some, or lift limits/);
    }
    for (const other of [new Error("unreachable"), new RangeError("Invalid array length"), "Out of memory", undefined])
      expect(memoryMissing(other)).toBe(undefined);
  });
});
