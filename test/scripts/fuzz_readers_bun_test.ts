/** A short run of `bun run fuzz`, with the same inputs every time. */
import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { attack, reader } from "../../scripts/check/fuzz_readers/attack.ts";
import { damagedJson } from "../../scripts/check/fuzz_readers/damage.ts";
import { readers } from "../../scripts/check/fuzz_readers/readers.ts";
import { EdgecapError } from "../../src/errors.ts";
import { runs } from "../runs.ts";

describe("readers of what others wrote", () => {
  test("read or refuse damaged input with a code, and meet sound input too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecap-fuzz-"));
    try {
      const all = await readers(folder);
      expect(all.length).toBeGreaterThan(25);
      for (const one of all) {
        // edgecap/lite loads a bundle for each of its inputs.
        const count = one.name.startsWith("lite: ") ? Math.max(10, runs(20)) : runs(100);
        const { name, runs: tried, read, fault } = await attack(one, count, 1);
        expect(`${name}: ${fault ?? "no fault"}`).toBe(`${name}: no fault`);
        expect(tried).toBe(count);
        expect(`${name}: ${read > count / 50}`).toBe(`${name}: true`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("attack()", () => {
  test("reports the smallest input that is neither read nor refused", async () => {
    const careless = reader("careless", fc.nat(1000), (number) => {
      if (number < 10) throw new EdgecapError("data-invalid", "It is small.");
      if (number > 20) throw new RangeError("It is large.");
    });
    const { fault, refused } = await attack(careless, 1000, 1);
    expect(fault).toContain("Counterexample: [21]");
    expect(fault).toContain("RangeError: It is large.");
    expect([...refused.keys()]).toEqual(["data-invalid"]);
  });

  test("finds what a JSON reader assumes", async () => {
    const trusting = reader("trusting", damagedJson({ list: [{ name: "a" }] }), (bytes) => {
      let value: { list: { name: string }[] };
      try {
        value = JSON.parse(new TextDecoder().decode(bytes));
      } catch (cause) {
        throw new EdgecapError("data-invalid", "No JSON.", { cause });
      }
      return value.list.map(({ name }) => name.toUpperCase());
    });
    expect((await attack(trusting, 500, 1)).fault).toContain("TypeError");
  });
});
