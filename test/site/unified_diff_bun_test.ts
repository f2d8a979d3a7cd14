import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { unifiedDiff } from "../../src/site/unified_diff.ts";
import { testUnless } from "../skip.ts";

const noGit = spawnSync("git", ["--version"]).status === 0 ? undefined : "git is missing";

/** The text that git makes of `before` by the difference. */
function applied(name: string, before: string, difference: string): string {
  const folder = mkdtempSync(join(tmpdir(), "edgecap-diff-"));
  try {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, before);
    const { status, stderr } = spawnSync("git", ["apply", "--whitespace=nowarn", "-"], {
      cwd: folder,
      input: difference,
      env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) },
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${stderr}\n${difference}`);
    return readFileSync(path, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("unifiedDiff()", () => {
  test("is empty for equal texts", () => {
    expect(unifiedDiff("a", "x\ny", "x\ny")).toBe("");
  });

  test("shows three lines around a change", () => {
    const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    expect(unifiedDiff("a/b.html", before, before.replace("5", "five"))).toBe(
      "--- a/a/b.html\n+++ b/a/b.html\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
    );
  });

  testUnless(noGit, "is what git applies, whatever the lines and the name", () => {
    const line = fc.tuple(fc.constantFrom("", "a", "ü", "-x", "+", "\ufeff", " "), fc.constantFrom("\n", "\n", "\r\n"));
    const names = fc.constantFrom("a.html", "b c/d e.md", 'q"u\\o.md', "tab\there.md", "ü/é.html", "new\nline.md");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, fc.boolean()), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        names,
        (lines, open, name) => {
          const text = (isAfter: boolean) => {
            const all = lines.map(([[words, end], change]) => `${words}${isAfter && change ? "!" : ""}${end}`).join("");
            return open ? all.replace(/\r?\n$/, isAfter ? "$" : "") : all;
          };
          const [before, after] = [text(false), text(true)];
          fc.pre(before !== after && before !== "" && before.endsWith("\n") === after.endsWith("\n"));
          expect(applied(name, before, unifiedDiff(name, before, after))).toBe(after);
        },
      ),
      { numRuns: 60 },
    );
  });
});
