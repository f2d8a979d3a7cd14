import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { edgecap, inFolder, writeTinyBundle } from "./edgecap.ts";

const coffee = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));

/** A folder of a batch: `count` pictures in `photos`, and the tiny bundle. */
async function prepare(folder: string, count: number): Promise<string[]> {
  await mkdir(join(folder, "photos"));
  const names = Array.from({ length: count }, (_, i) => join("photos", `${i}.jpg`));
  for (const name of names) copyFileSync(coffee, join(folder, name));
  await writeTinyBundle(join(folder, "tiny"));
  return names;
}

const resultsIn = (folder: string): { image: string; caption?: string; error?: { code: string } }[] =>
  readFileSync(join(folder, "out.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("edgecap batch", () => {
  test("records pictures that fail, and says how many of which kind", () =>
    inFolder(async (folder) => {
      const names = await prepare(folder, 2);
      writeFileSync(join(folder, "photos", "corrupt.jpg"), "no picture");
      const list = [...names, "photos/corrupt.jpg", "photos/missing.jpg"].join("\n");
      const args = ["batch", "-", "--out", "out.jsonl", "--bundle", "tiny", "--workers", "1"];
      const { status, stderr } = await edgecap(args, { cwd: folder, stdin: list });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^2 captioned in .* 2 failed, 0 done before\n/);
      expect(stderr).toContain("  image-unsupported: 1\n");
      expect(stderr).toContain("  file-unreadable: 1\n");
      const failed = resultsIn(folder).filter(({ error }) => error !== undefined);
      expect(failed.map(({ image, error }) => [image, error!.code]).sort()).toEqual([
        ["photos/corrupt.jpg", "image-unsupported"],
        ["photos/missing.jpg", "file-unreadable"],
      ]);
      const again = await edgecap(args, { cwd: folder, stdin: list });
      expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("4 done before, of which 2 failed")]);
    }));

  test("refuses what it cannot do, and leaves a file that is not its own", () =>
    inFolder(async (folder) => {
      await writeTinyBundle(join(folder, "tiny"));
      writeFileSync(join(folder, "novel.txt"), "It was a dark night.\n");
      copyFileSync(coffee, join(folder, "photo.jpg"));
      const wrong: [string[], number, string][] = [
        [["batch", "photos"], 2, "--out"],
        [["batch", "no such folder", "--out", "out.jsonl", "--bundle", "tiny"], 1, '"no such folder" does not exist'],
        [["batch", ".", "--out", "novel.txt", "--bundle", "tiny"], 1, 'Line 1 of "novel.txt" is not a result'],
        [["batch", ".", "--out", "out.jsonl", "--bundle", "nowhere"], 1, "nowhere"],
        [["batch", ".", "--out", "out.jsonl", "--queue", "http://x"], 2, "must begin with redis://"],
      ];
      for (const [args, expected, why] of wrong) {
        const { status, stderr } = await edgecap(args, { cwd: folder });
        expect([status, stderr]).toEqual([expected, expect.stringContaining(why)]);
      }
      expect(readFileSync(join(folder, "novel.txt"), "utf8")).toBe("It was a dark night.\n");
    }));
});
