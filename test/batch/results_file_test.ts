import { describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { ResultsFile } from "../../src/batch/results_file.ts";
import type { Caption } from "../../src/caption/caption.ts";
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
  test("writes a line per picture, in the form of caption --json, and knows the pictures when opened again", () =>
    withFile(async (path) => {
      {
        await using results = await ResultsFile.open(path);
        expect(results.before).toEqual({ lines: 0, failed: 0, leftOut: 0 });
        await Promise.all([results.write("a.jpg", caption), results.write("b.jpg", failure)]);
      }
      const lines = (await readFile(path, "utf8")).split("\n");
      expect(JSON.parse(lines[0]!)).toEqual({ image: "a.jpg", ...caption });
      expect(JSON.parse(lines[1]!)).toEqual({ image: "b.jpg", error: failure });
      expect(lines[2]).toBe("");
      await using again = await ResultsFile.open(path);
      expect(again.before).toEqual({ lines: 2, failed: 1, leftOut: 0 });
      expect([again.done.add("a.jpg"), again.done.add("b.jpg"), again.done.add("c.jpg")]).toEqual([false, false, true]);
    }));

  test("captions each picture once, wherever the file was cut off", () =>
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

  test("finds the end of the last complete line of a file of any size", () =>
    withFile(async (path) => {
      await (await ResultsFile.open(path))[Symbol.asyncDispose]();
      const long = JSON.stringify({ image: "long.jpg", caption: "x".repeat(200_000) });
      await writeFile(path, `${long}\n${long.slice(0, 150_000)}`);
      await using results = await ResultsFile.open(path);
      expect(results.before.lines).toBe(1);
      expect((await readFile(path)).length).toBe(long.length + 1);
    }));

  test("refuses a file that holds something else, and leaves it as it is", () =>
    withFile(async (path) => {
      await (await ResultsFile.open(path))[Symbol.asyncDispose]();
      const line = '{"image":"a.jpg","caption":"x"}\n';
      const others = fc.oneof(
        fc.json().filter((text) => typeof (JSON.parse(text) as { image?: unknown } | null)?.image !== "string"),
        fc.stringMatching(/^[a-z,][a-z ,]{0,19}$/),
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

  test("refuses a file whose end it did not write, and leaves it as it is", () =>
    withFile(async (path) => {
      await (await ResultsFile.open(path))[Symbol.asyncDispose]();
      const line = '{"image":"a.jpg","caption":"x"}\n';
      const ends = fc.oneof(
        fc.constantFrom("my notes", '{"name": "edgecap"}', "BM\0\0", "\0x", '{"image": 1}', '{"images":"a'),
        fc.string({ minLength: 1 }).filter((text) => !/^[\s\0]*$|^\s*\{(?:"|$)/.test(text) && !text.includes("\n")),
      );
      await fc.assert(
        fc.asyncProperty(ends, fc.nat(2), async (end, before) => {
          const text = `${line.repeat(before)}${end}`;
          await writeFile(path, text);
          expect(await codeOf(ResultsFile.open(path))).toBe("data-invalid");
          await expect(ResultsFile.open(path)).rejects.toThrow(`Line ${before + 1} of`);
          expect(await readFile(path, "utf8")).toBe(text);
        }),
        { numRuns: 30 },
      );
    }));

  test("continues a file that an editor saved, or that a power cut filled with zeros", () =>
    withFile(async (path) => {
      await (await ResultsFile.open(path))[Symbol.asyncDispose]();
      const [a, b] = ['{"image":"a.jpg","caption":"x"}', '{"image":"b.jpg","error":{}}'];
      const edited: readonly (readonly [text: string, lines: number])[] = [
        [`\ufeff${a}\n${b}\n`, 2],
        [`\ufeff${a}`, 1],
        ["\ufeff", 0],
        [`\n${a}\n \n\n${b}\n\n`, 2],
        [`${a}\r\n${b}\r\n`, 2],
        [`${a}\n${b}`, 2],
        [`${a}\n  `, 1],
        [`${a}\n{"image":"b\0\0\0`, 1],
        ["\0\0\0\0", 0],
        ['{"im', 0],
      ];
      for (const [text, lines] of edited) {
        await writeFile(path, text);
        {
          await using results = await ResultsFile.open(path);
          expect([text, results.before.lines]).toEqual([text, lines]);
          for (const name of ["a.jpg", "b.jpg"]) if (results.done.add(name)) await results.write(name, caption);
        }
        const names = (await readFile(path, "utf8")).replace(/^\ufeff/, "").split("\n");
        const images = names.filter((line) => line.trim() !== "").map((line) => JSON.parse(line).image);
        expect(images.sort()).toEqual(["a.jpg", "b.jpg"]);
      }
    }));

  test("is locked while it is open, and the lock disappears with it", () =>
    withFile(async (path) => {
      {
        await using _ = await ResultsFile.open(path);
        expect(await codeOf(ResultsFile.open(path))).toBe("file-unwritable");
        await expect(ResultsFile.open(path)).rejects.toThrow(`Process ${process.pid} on`);
      }
      await using _ = await ResultsFile.open(path);
    }));

  test("takes over the lock of a process that has ended, even if another process now has its number", () =>
    withFile(async (path) => {
      const lock = `${path}.lock`;
      const left = async (): Promise<Record<string, unknown>> => {
        await using _ = await ResultsFile.open(path);
        return JSON.parse(await readFile(lock, "utf8"));
      };
      const held = await left();
      for (const change of [{ pid: 2 ** 22 + 1 }, { started: "before" }]) {
        await writeFile(lock, JSON.stringify({ ...held, id: "other", ...change }));
        // Where the system does not say when processes began, the number is all there is.
        if ("started" in change && held["started"] === "") continue;
        expect((await left())["pid"]).toBe(process.pid);
      }
      expect(existsSync(lock)).toBe(false);
    }));

  test("removes the locks that killed processes took away, and no other file", () =>
    withFile(async (path) => {
      await mkdir(dirname(path), { recursive: true });
      const taken = `${path}.lock-${randomUUID()}`;
      const kept = [`${path}.lock-${randomUUID()}`, `${path}.lock-mine`];
      for (const name of [taken, ...kept]) await writeFile(name, "");
      await utimes(taken, 1, 1);
      await using _ = await ResultsFile.open(path);
      expect([taken, ...kept].map((name) => existsSync(name))).toEqual([false, true, true]);
    }));

  test("writes nothing after a line of which the disk accepted only half", () =>
    withFile(async (path) => {
      const results = await ResultsFile.open(path);
      await results.write("a.jpg", caption);
      await results[Symbol.asyncDispose]();
      // The file is closed: every write fails, and so does the next.
      for (const name of ["b.jpg", "c.jpg"]) expect(await codeOf(results.write(name, caption))).toBe("file-unwritable");
      expect(await namesIn(path)).toEqual(["a.jpg"]);
    }));

  test("refuses what is not a regular file", async () => {
    expect(await codeOf(ResultsFile.open(tmpdir()))).toBe("file-unwritable");
    await expect(ResultsFile.open(tmpdir())).rejects.toThrow("not a regular file");
  });

  test("says so if it cannot be written", () =>
    withFile(async (path) => {
      await (await ResultsFile.open(path))[Symbol.asyncDispose]();
      expect(await codeOf(ResultsFile.open(join(path, "under a file")))).toBe("file-unwritable");
    }));
});
