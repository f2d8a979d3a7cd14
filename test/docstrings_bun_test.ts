/** The examples in docstrings run, and the main public names have one. */
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { docstringBlocks } from "./code_blocks.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = globSync("src/**/*.ts", { cwd: root }).sort();
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Public names that a reader of the interface meets first, by their source. */
const withExample: Readonly<Record<string, readonly string[]>> = {
  "src/caption/load.ts": ["load"],
  "src/lite/load_lite.ts": ["load"],
  "src/caption/captioner.ts": ["caption", "stream", "captionAll"],
  "src/engines/load_engine.ts": ["loadEngine"],
  "src/errors.ts": ["EdgecapError"],
  "src/text/sentence.ts": ["sentence"],
  "src/server/app.ts": ["createServer"],
  "src/server/listen.ts": ["listen"],
  "src/server/plugin.ts": ["edgecap"],
  "src/export/layers_model.ts": ["convertLayersModel"],
  "src/export/graph_builder.ts": ["GraphBuilder"],
  "src/export/quantise.ts": ["quantise"],
};

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
    // One process for all, as each would load a bundle of its own otherwise.
    const all = join(folder, "all.ts");
    const lines = examples.map(
      (path) => `console.error(${JSON.stringify(path)});\nawait import(${JSON.stringify(path)});`,
    );
    writeFileSync(all, `${lines.join("\n")}\nconsole.error("all ran");\nprocess.exit();\n`);
    const { stderr } = spawnSync(process.execPath, [all], { cwd: root, encoding: "utf8" });
    expect(stderr.trim().split("\n").at(-1)).toBe("all ran");
  });

  for (const [source, names] of Object.entries(withExample))
    test(`stand at ${names.join(", ")} of ${source}`, () => {
      const documented = names.filter((name) => {
        const declared = `(?:export (?:async )?(?:function|class) |async \\*?)${name}\\b`;
        const [docstring] = new RegExp(`/\\*\\*(?:(?!\\*/).)*\\*/\\s+${declared}`, "s").exec(read(source)) ?? [""];
        return docstring.includes("@example");
      });
      expect(documented).toEqual([...names]);
    });
});
