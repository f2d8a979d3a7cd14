import { describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ResultsFile } from "../../src/batch/results_file.ts";
import type { Caption } from "../../src/captioner.ts";
import { codeOf } from "../code_of.ts";

const caption: Caption = {
  caption: "a dog – runs",
  logProbability: -3,
  words: [],
  alternatives: [],
  concepts: [],
  timing: { imageMs: 1, encodeMs: 2, generateMs: 3 },
};
const failure = { code: "image-corrupt", message: "It\nends early." };

async function withFile(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-results-"));
  try {
    await work(join(folder, "deep", "results.jsonl"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const namesIn = async (path: string) =>
  (await readFile(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { image: string }).image);

describe("ResultsFile", () => {
  test("writes a line a picture, in the form of caption --json, and knows them when it is opened again", () =>
    withFile(async (path) => {
      {
        await using results = await ResultsFile.open(path);
        expect(results.before).toEqual({ lines: 0, failed: 0, unsure: 0 });
        await Promise.all([results.write("a.jpg", caption), results.write("b.jpg", failure)]);
      }
      const lines = (await readFile(path, "utf8")).split("\n");
      expect(JSON.parse(lines[0]!)).toEqual({ image: "a.jpg", ...caption });
      expect(JSON.parse(lines[1]!)).toEqual({ image: "b.jpg", error: failure });
      expect(lines[2]).toBe("");
      await using again = await ResultsFile.open(path);
      expect(again.before).toEqual({ lines: 2, failed: 1, unsure: 0 });
      expect([again.done.add("a.jpg"), again.done.add("b.jpg"), again.done.add("c.jpg")]).toEqual([false, false, true]);
    }));

  test("goes on with each picture once, wherever the file was cut off", () =>
    withFile(async (path) => {
      const names = ["a.jpg", "b c.png", "ü/dö.jpg", "日本.webp"];
      {
        await using results = await ResultsFile.open(path);
        for (const name of names) await results.write(name, name === "b c.png" ? failure : caption);
      }
      const whole = await readFile(path);
      for (let end = 0; end <= whole.length; end++) {
        await writeFile(path, whole.subarray(0, end));
        {
          await using results = await ResultsFile.open(path);
          for (const name of names) if (results.done.add(name)) await results.write(name, caption);
        }
        expect((await namesIn(path)).sort()).toEqual([...names].sort());
      }
    }));

  test("finds the end of the last whole line of a file of any size", () =>
    withFile(async (path) => {
      await using _ = await ResultsFile.open(path);
      const long = JSON.stringify({ image: "long.jpg", caption: "x".repeat(200_000) });
      await writeFile(path, `${long}\n${long.slice(0, 150_000)}`);
      await using results = await ResultsFile.open(path);
      expect(results.before.lines).toBe(1);
      expect((await readFile(path)).length).toBe(long.length + 1);
    }));

  test("refuses a file that holds something else, and leaves it as it is", () =>
    withFile(async (path) => {
      await using _ = await ResultsFile.open(path);
      const line = '{"image":"a.jpg","caption":"x"}\n';
      const others = fc.oneof(
        fc.json().filter((text) => typeof (JSON.parse(text) as { image?: unknown } | null)?.image !== "string"),
        fc.stringMatching(/^[a-z ,]{1,20}$/),
      );
      await fc.assert(
        fc.asyncProperty(others, fc.nat(2), async (other, before) => {
          const text = `${line.repeat(before)}${other}\n${line}`;
          await writeFile(path, text);
          expect(await codeOf(ResultsFile.open(path))).toBe("data-invalid");
          await expect(ResultsFile.open(path)).rejects.toThrow(`Line ${before + 1} of`);
          expect(await readFile(path, "utf8")).toBe(text);
        }),
        { numRuns: 50 },
      );
    }));

  test("says so where it cannot be written", () =>
    withFile(async (path) => {
      await using _ = await ResultsFile.open(path);
      expect(await codeOf(ResultsFile.open(join(path, "under a file")))).toBe("file-unwritable");
    }));
});
