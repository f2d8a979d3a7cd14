/** Runs the TypeScript in documents and docstrings. */
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeBlocks, docstringBlocks } from "./code_blocks.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}.cache/examples/`;
const pages = ["README.md", "CONTRIBUTING.md", ...globSync(["docs/**/*.md", "examples/**/*.md"], { cwd: root }).sort()];
const sources = globSync("src/**/*.ts", { cwd: root }).sort();
const read = (file: string) => readFileSync(join(root, file), "utf8");

describe("examples in the documents", () => {
  for (const page of pages.filter((name) => codeBlocks(read(name), "ts").length > 0)) {
    test(`the TypeScript of ${page} runs`, async () => {
      await mkdir(folder, { recursive: true });
      for (const [index, example] of codeBlocks(read(page), "ts").entries()) {
        const path = `${folder}${page.replaceAll(/\W/g, "_")}_${index}.ts`;
        await writeFile(path, example);
        const { status, stderr } = spawnSync(process.execPath, [path], { cwd: root, encoding: "utf8" });
        expect([path, status, status === 0 ? "" : stderr]).toEqual([path, 0, ""]);
      }
    });
  }
});

describe("examples in docstrings", () => {
  test("run", () => {
    const folder = join(root, ".cache/docstrings");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const examples = sources.flatMap((source) =>
      docstringBlocks(read(source), "ts").map((example, place) => {
        const path = join(folder, `${source.replaceAll(/\W/g, "_")}_${place}.ts`);
        // A name that is not public is imported from the source itself.
        writeFileSync(path, example.replaceAll(/ from "\.\//g, ` from "${join(root, dirname(source))}/`));
        return path;
      }),
    );
    expect(examples.length).toBeGreaterThan(14);
    // One process for all, because otherwise each would load its own bundle.
    const all = join(folder, "all.ts");
    const lines = examples.map(
      (path) => `console.error(${JSON.stringify(path)});\nawait import(${JSON.stringify(path)});`,
    );
    writeFileSync(all, `${lines.join("\n")}\nconsole.error("all ran");\nprocess.exit();\n`);
    const { stderr } = spawnSync(process.execPath, [all], { cwd: root, encoding: "utf8" });
    expect(stderr.trim().split("\n").at(-1)).toBe("all ran");
  });
});
