import { describe, expect, test } from "bun:test";
import { isGranted, runtimeName, runtimeVersion } from "../../src/platform/runtime_name.ts";

describe("runtimeName", () => {
  test("names what runs the tests, and its version", () => {
    const expected = "Deno" in globalThis ? "Deno" : "Bun";
    expect(runtimeName()).toBe(expected);
    expect(runtimeVersion()).toMatch(new RegExp(`^${expected} \\d+\\.\\d+\\.\\d+`));
  });

  test("a bundler's process without versions counts as a browser", () => {
    const { process } = globalThis;
    for (const standIn of [undefined, {}, { versions: {} }]) {
      Object.defineProperty(globalThis, "process", { value: standIn, configurable: true, writable: true });
      try {
        expect([runtimeName(), runtimeVersion()]).toEqual(["browser", "browser"]);
      } finally {
        Object.defineProperty(globalThis, "process", { value: process, configurable: true, writable: true });
      }
    }
  });

  test("tests have all permissions", () => {
    expect(isGranted({ name: "env", variable: "HOME" })).toBe(true);
  });
});
