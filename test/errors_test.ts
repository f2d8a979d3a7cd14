import { describe, expect, test } from "bun:test";
import { type ErrorCode, faultOf } from "../src/errors.ts";

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
