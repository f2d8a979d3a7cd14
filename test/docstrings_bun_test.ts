/** The main public names have an example; test/examples_long_bun_test.ts runs it. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Public names that a reader of the interface sees first, by their source. */
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
