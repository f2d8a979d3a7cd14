import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { load } from "../../src/mod.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const photo = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));

describe("close()", () => {
  test("frees everything that was loaded: after 200 rounds, memory is the same as after 50", async () => {
    const bundle = await tinyBundleFiles(100_000);
    const round = async () => {
      await using one = await load({ bundle });
      await one.caption(photo);
    };
    for (let i = 0; i < 50; i++) await round();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 150; i++) await round();
    // Sessions kept would come to 420 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });
});
