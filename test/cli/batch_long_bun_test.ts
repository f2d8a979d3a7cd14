import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { edgecap, inFolder, start, writeTinyBundle } from "./edgecap.ts";

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
  test("killed again and again, ends with a line per picture", () =>
    inFolder(async (folder) => {
      const names = await prepare(folder, 400);
      const args = ["batch", "photos", "--out", "out.jsonl", "--bundle", "tiny", "--workers", "2"];
      for (const wanted of [1, 100]) {
        const run = start(args, { cwd: folder });
        const lines = () => {
          try {
            return readFileSync(join(folder, "out.jsonl"), "utf8").split("\n").length - 1;
          } catch {
            return 0;
          }
        };
        while (lines() < wanted && run.child.exitCode === null) await Bun.sleep(5);
        run.child.kill("SIGKILL");
        await run.ended;
        expect(lines()).toBeGreaterThanOrEqual(wanted);
        expect(lines()).toBeLessThan(names.length);
        // The rest that a kill in the middle of a write would leave.
        writeFileSync(join(folder, "out.jsonl"), '{"image":"photos/7', { flag: "a" });
      }
      const { status, stderr } = await edgecap(args, { cwd: folder });
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^\d+ captioned in .* 0 failed, \d+ done before\n$/)]);
      const results = resultsIn(folder);
      expect(results.map(({ image }) => image).sort()).toEqual(names.sort());
      expect(new Set(results.map(({ caption }) => caption)).size).toBe(1);
      const again = await edgecap(args, { cwd: folder });
      expect([again.status, again.stderr]).toEqual([0, expect.stringMatching(/^0 captioned .* 400 done before\n$/)]);
      expect(resultsIn(folder)).toEqual(results);
    }));
});
