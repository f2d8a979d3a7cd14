import { describe, expect, test } from "bun:test";
import packageJson from "../../package.json" with { type: "json" };
import { leastNode, nodeTooOld } from "../../src/platform/node_version.ts";

describe("nodeTooOld()", () => {
  test("names the least version and this one, below what package.json says", () => {
    expect(packageJson.engines.node).toBe(`>=${leastNode}.0`);
    for (const old of ["18.20.4", "20.20.2", "21.7.3", "22.9.0", "22.21.1"])
      expect(nodeTooOld(old)).toBe(`edgecap needs Node ${leastNode} or newer, Bun or Deno: this is Node ${old}.`);
    for (const recent of ["22.22.0", "22.100.0", "23.0.0", "24.1.0", "100.0.0"])
      expect(nodeTooOld(recent)).toBe(undefined);
  });

  test("accepts this runtime", () => {
    expect(nodeTooOld()).toBe(undefined);
  });
});
