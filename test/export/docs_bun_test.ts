import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { layerConverters } from "../../src/export/mod.ts";

const page = await readFile(new URL("../../docs/exporter.md", import.meta.url), "utf8");

describe("docs/exporter.md", () => {
  test("names every layer that can be exported, and no other", () => {
    const table = page.slice(page.indexOf("| family |"), page.indexOf("`Activation`, and the option"));
    const named = [...table.matchAll(/`(\w+)`/g)].map((match) => match[1]!);
    expect(named.sort()).toEqual(Object.keys(layerConverters).sort());
  });
});
