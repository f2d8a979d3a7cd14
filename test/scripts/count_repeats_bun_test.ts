import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { repeatsIn } from "../../scripts/model/repeats.ts";

const kindsOf = (caption: string) => [...new Set(repeatsIn(caption.split(" ")).map(({ kind }) => kind))].toSorted();

describe("repeatsIn()", () => {
  test("finds what a caption says twice", () => {
    expect(kindsOf("two children play in the snow in the snow")).toEqual(["three words twice", "two words twice"]);
    expect(kindsOf("a brown dog and a brown dog")).toEqual(["three words twice", "two words twice"]);
    expect(kindsOf("a man and a man")).toEqual(["X and X", "two words twice"]);
    expect(kindsOf("dogs and dogs")).toEqual(["X and X"]);
    expect(kindsOf("a dog dog runs")).toEqual(["word twice in a row"]);
    expect(kindsOf("in front of a man in front of a wall")).toEqual(["three words twice", "two words twice"]);
  });

  test("does not change what people write", () => {
    for (const caption of [
      "a man and a woman",
      "a young man and a young woman sit next to a dog next to a tree",
      "a brown dog and a black dog",
      "a boy in a red shirt on a red slide",
      "two dogs run side by side",
      "a man stands and a woman sits in the grass in the sun",
      "",
    ]) {
      expect([caption, ...kindsOf(caption)]).toEqual([caption]);
    }
  });
});

test("count_repeats.ts prints the captions that repeat themselves, and how many", async () => {
  const folder = mkdtempSync(join(tmpdir(), "edgecap-repeats-"));
  try {
    const results = join(folder, "results.jsonl");
    const lines = ["a dog in the snow in the snow", "a dog in the snow"].map((caption, i) =>
      JSON.stringify({ image: `${i}.jpg`, caption }),
    );
    writeFileSync(results, `${lines.join("\n")}\n`);
    const script = fileURLToPath(new URL("../../scripts/model/count_repeats.ts", import.meta.url));
    const child = Bun.spawn([process.execPath, script, results], { stdout: "pipe" });
    const text = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(text).toContain("0.jpg\ta dog in the snow in the snow\tthe snow, in the snow\n");
    expect(text).toEndWith("1 of 2 captions repeat themselves (two words twice: 1; three words twice: 1)\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
