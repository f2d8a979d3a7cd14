import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import { registerExport } from "../src/cli/export.ts";
import { registerFeatures } from "../src/cli/features.ts";
import { buildProgram } from "../src/cli/program.ts";
import { registerTrain } from "../src/cli/train.ts";
import { codeBlocks, docstringBlocks } from "./code_blocks.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = ["README.md", "CONTRIBUTING.md", ...globSync(["docs/**/*.md", "examples/**/*.md"], { cwd: root }).sort()];

/** Code blocks of a language, in their order. Those marked "ignore" need something that a test does not have. */
async function blocks(page: string, language: string): Promise<string[]> {
  return codeBlocks(await readFile(root + page, "utf8"), language);
}

describe("examples in the documents", () => {
  test("code that needs a model, an app or a page to run has the right types", async () => {
    const checked = `${root}.cache/examples-checked`;
    await rm(checked, { recursive: true, force: true });
    await mkdir(checked, { recursive: true });
    let count = 0;
    for (const page of pages)
      for (const example of await blocks(page, "ts ignore"))
        await writeFile(`${checked}/${page.replaceAll(/\W/g, "_")}_${count++}.ts`, example);
    for (const source of globSync("src/**/*.ts", { cwd: root }))
      for (const example of docstringBlocks(readFileSync(root + source, "utf8"), "ts ignore"))
        await writeFile(`${checked}/${source.replaceAll(/\W/g, "_")}_${count++}.ts`, example);
    expect(count).toBeGreaterThan(5);
    const settings = {
      extends: `${root}tsconfig.json`,
      compilerOptions: { noUnusedLocals: false },
      include: ["*.ts", `${root}src/platform/file_imports.d.ts`],
    };
    await writeFile(`${checked}/tsconfig.json`, JSON.stringify(settings));
    const { status, stdout } = spawnSync("node_modules/.bin/tsc", ["-p", checked], { cwd: root, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  });

  test("commands name verbs, scripts and flags that exist", async () => {
    const program = buildProgram([registerFeatures, registerTrain, registerExport]);
    const wrong: string[] = [];
    let count = 0;
    for (const page of pages)
      for (const block of await blocks(page, "sh"))
        for (const line of block.replaceAll("\\\n", " ").split("\n")) {
          const flags = [...line.replace(/ #.*/, "").matchAll(/ --([a-z][a-z-]*)/g)].map((found) => found[1]!);
          const script = /\b(?:bun|bash|python3) (?:run )?(scripts\/\S+)/.exec(line)?.[1];
          const task = /\bbun run ([\w:]+)/.exec(line)?.[1];
          const verb = /(?:^|\s|\/)edgecap ([a-z][a-z-]*)/.exec(line)?.[1];
          if (task !== undefined && !(task in packageJson.scripts)) wrong.push(`${page}: bun run ${task}`);
          if (verb !== undefined && !/\b(?:npm|docker|bun add|install)\b/.test(line)) {
            const command = program.commands.find((one) => one.name() === verb);
            const known = command?.options.map(({ long }) => long) ?? [];
            if (command === undefined) wrong.push(`${page}: edgecap ${verb}`);
            wrong.push(
              ...flags.filter((flag) => !known.includes(`--${flag}`)).map((flag) => `${page}: ${line}: --${flag}`),
            );
            count++;
          } else if (script !== undefined) {
            if (!existsSync(root + script)) wrong.push(`${page}: ${script}`);
            else {
              const source = readFileSync(root + script, "utf8");
              wrong.push(
                ...flags.filter((flag) => !source.includes(flag)).map((flag) => `${page}: ${line}: --${flag}`),
              );
            }
            count++;
          }
        }
    expect(wrong).toEqual([]);
    // README.md names every verb.
    const readme = await readFile(`${root}README.md`, "utf8");
    const verbs = program.commands.map((command) => command.name());
    expect(verbs.filter((verb) => !new RegExp(`^\\|.*\`${verb}\\b`, "m").test(readme))).toEqual([]);
    expect(count).toBeGreaterThan(7);
  });

  test("are in languages that a test can run or check", async () => {
    for (const page of pages) {
      const text = await readFile(root + page, "utf8");
      // Every second fence opens a block.
      const fences = [...text.matchAll(/^```(.*)$/gm)].map((found) => found[1]!).filter((_, place) => place % 2 === 0);
      const known = ["ts", "ts ignore", "sh", "json", "yaml"];
      if (page === "docs/operate.md") known.push("ini");
      // test/server/python_clients_long_bun_test.ts runs them.
      if (page === "docs/clients.md") known.push("py");
      expect([page, fences.filter((language) => !known.includes(language))]).toEqual([page, []]);
      for (const block of await blocks(page, "json")) for (const line of block.trim().split("\n")) JSON.parse(line);
      for (const block of await blocks(page, "yaml")) Bun.YAML.parse(block);
    }
  });

  test("the first command of README.md prints the caption that README.md shows", async () => {
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
