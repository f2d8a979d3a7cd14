import { expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codeBlocks } from "../code_blocks.ts";
import { pieces, writeTinyTransformers } from "../fixtures/tiny_transformers.ts";

// Inside the repository, where "edgecap" can be imported.
const folder = fileURLToPath(new URL("../../.cache/engines/", import.meta.url));

test("docs/engines.md has an example that runs", async () => {
  const page = readFileSync(new URL("../../docs/engines.md", import.meta.url), "utf8");
  const [example, ...others] = codeBlocks(page, "ts ignore");
  expect(others).toEqual([]);
  const photo = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));
  writeTinyTransformers(`${folder}models/vit-gpt2-image-captioning`);
  const script = `${folder}example.ts`;
  writeFileSync(script, example!.replace('"photo.jpg"', JSON.stringify(photo)));
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, script], { cwd: folder });
  expect([stderr.toString(), exitCode]).toEqual(["", 0]);
  const words = stdout.toString().trim().split(" ");
  expect(words.every((word) => pieces.includes(word) || /^run(s|ning)+$/.test(word))).toBe(true);
  rmSync(folder, { recursive: true });
});
