import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}.cache/examples/`;
const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: root }).sort()];

/** Code blocks of a language, in their order; those marked "ignore" need what a test has not. */
async function blocks(page: string, language: string): Promise<string[]> {
  const text = await readFile(root + page, "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1]!);
}

describe("examples in the documents", () => {
  for (const page of pages) {
    test(`the TypeScript of ${page} runs`, async () => {
      await mkdir(folder, { recursive: true });
      for (const [index, example] of (await blocks(page, "ts")).entries()) {
        const path = `${folder}${page.replaceAll(/\W/g, "_")}_${index}.ts`;
        await writeFile(path, example);
        const { status, stderr } = spawnSync(process.execPath, [path], { cwd: root, encoding: "utf8" });
        expect([path, status, status === 0 ? "" : stderr]).toEqual([path, 0, ""]);
      }
    });
  }

  test("the first command of README.md prints the caption that stands there", async () => {
    const readme = await readFile(`${root}README.md`, "utf8");
    const [install] = await blocks("README.md", "sh");
    const picture = /edgecap caption (\S+)$/m.exec(install!)![1]!;
    const printed = /^> (.+)$/m.exec(readme)![1]!;
    expect(readme).toContain(`](${picture})`);
    const { stdout } = spawnSync(process.execPath, ["src/cli/main.ts", "caption", picture], {
      cwd: root,
      encoding: "utf8",
    });
    expect(stdout).toBe(`${printed}\n`);
  });
});
