import { describe, expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { layerConverters } from "../../src/export/mod.ts";

const page = await readFile(new URL("../../docs/exporter.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]!);
const folder = fileURLToPath(new URL("../../.cache/examples/", import.meta.url));

describe("docs/exporter.md", () => {
  test("names every layer that can be exported, and no other", () => {
    const table = page.slice(page.indexOf("| family |"), page.indexOf("`Activation`, and the option"));
    const named = [...table.matchAll(/`(\w+)`/g)].map((match) => match[1]!);
    expect(named.sort()).toEqual(Object.keys(layerConverters).sort());
  });

  test("has examples that run", async () => {
    expect(examples).toHaveLength(3);
    await mkdir(folder, { recursive: true });
    for (const [index, example] of examples.entries()) {
      const path = `${folder}exporter_${index}.ts`;
      await writeFile(path, example);
      await import(path);
    }
  });
});
