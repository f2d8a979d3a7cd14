/** What happens to a file of results and its lock when something goes wrong. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ResultsFile } from "../../src/batch/results_file.ts";
import { codeOf } from "../code_of.ts";
import { processorTime } from "../processor_time.ts";

const failure = { code: "image-corrupt", message: "It ends early." };
const line = '{"image":"a.jpg","caption":"x"}\n';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgecap-results-"));
  path = join(folder, "results.jsonl");
});

afterEach(() => rm(folder, { recursive: true }));

describe("ResultsFile", () => {
  test("leaves no lock behind if it cannot be opened, or holds something else", async () => {
    await symlink(join(folder, "none", "target"), path);
    await expect(ResultsFile.open(path)).rejects.toThrow(`"${path}"`);
    expect(await codeOf(ResultsFile.open(path))).toBe("file-unwritable");
    await rm(path);
    // A byte order mark belongs to the beginning of a file.
    for (const content of ["something else\n", "something else", `${line}\ufeff${line}`]) {
      await writeFile(path, content);
      expect(await codeOf(ResultsFile.open(path))).toBe("data-invalid");
      expect(await readdir(folder)).toEqual(["results.jsonl"]);
    }
  });

  test("refuses what is mostly zeros, such as the image of a disk, at once", async () => {
    const content = Buffer.alloc(2 ** 22);
    content.write("x", content.length - 1);
    await writeFile(path, content);
    const took = processorTime();
    expect(await codeOf(ResultsFile.open(path))).toBe("data-invalid");
    expect(took()).toBeLessThan(2000);
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  test("shows the beginning of the line that is not a result, and its number among all lines", async () => {
    await writeFile(path, `\n${line}\n${"y".repeat(1000)}\n`);
    await expect(ResultsFile.open(path)).rejects.toThrow(
      `Line 4 of "${path}" is not a result of edgecap: "${"y".repeat(60)}".`,
    );
  });

  test("counts failures and sentences left out, also in the last line", async () => {
    const lines = [
      '{"image":"a","error":{}}',
      '{"image":"b","reason":"unsure"}',
      '{"image":"c"}',
      '{"image":"d","reason":"x"}',
    ];
    await writeFile(path, lines.join("\n"));
    await using results = await ResultsFile.open(path);
    expect(results.before).toEqual({ lines: 4, failed: 1, leftOut: 2 });
    expect(await readFile(path, "utf8")).toBe(`${lines.join("\n")}\n`);
    for (const name of ["a", "b", "c", "d"]) expect(results.done.add(name)).toBe(false);
  });

  test("removes an unfinished line that is longer than any result, without reading all of it", async () => {
    await writeFile(path, `${line}{"image":"${"z".repeat(2 ** 24)}"}`);
    await using results = await ResultsFile.open(path);
    expect(results.before.lines).toBe(1);
    expect(await readFile(path, "utf8")).toBe(line);
  });

  test("waits for lines that are being written when it is closed", async () => {
    const results = await ResultsFile.open(path);
    const names = Array.from({ length: 100 }, (_, at) => `${at}.jpg`);
    const written = Promise.all(names.map((name) => results.write(name, failure)));
    await results[Symbol.asyncDispose]();
    await written;
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((one) => JSON.parse(one).image)).toEqual(names);
    expect(await readdir(folder)).toEqual(["results.jsonl"]);
  });

  test("writes nothing once another process has taken the lock over, and leaves that lock", async () => {
    const results = await ResultsFile.open(path, { renewalMs: 20, abandonedMs: 10_000 });
    await results.write("first.jpg", failure);
    const theirs = JSON.stringify({ ...JSON.parse(await readFile(`${path}.lock`, "utf8")), id: "other" });
    await writeFile(`${path}.lock`, theirs);
    let written = 1;
    // The process notices it at its next renewal.
    while ((await codeOf(results.write("more.jpg", failure))) === "no error") {
      written++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (let again = 0; again < 3; again++)
      expect(await codeOf(results.write("late.jpg", failure))).toBe("file-unwritable");
    await results[Symbol.asyncDispose]();
    expect((await readFile(path, "utf8")).trimEnd().split("\n").length).toBe(written);
    expect(await readFile(`${path}.lock`, "utf8")).toBe(theirs);
  });
});
