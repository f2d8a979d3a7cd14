import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { makeFolder } from "../../src/files/make_folder.ts";
import { pathHint } from "../../src/files/path_hint.ts";
import { isQuotedHome } from "../../src/files/quoted_home.ts";
import { anyText } from "../any_text.ts";
import { codeOf } from "../code_of.ts";

describe("pathHint()", () => {
  test("says what no shell replaced, and what separates folders here", () => {
    for (const path of ["~", "~/a.jpg", "~\\a.jpg"]) expect(pathHint(path)).toContain("only a shell replaces ~");
    expect(pathHint("photos/\ufffd.jpg")).toContain("not UTF-8");
    const isWindows = process.platform === "win32";
    for (const path of ["photos\\a.jpg", "C:\\a.jpg"]) expect(pathHint(path) === "").toBe(isWindows);
    for (const path of ["", "a.jpg", "./~/a.jpg", "~a.jpg", "a~/b.jpg", "/home/~/b"]) expect(pathHint(path)).toBe("");
  });

  test("continues a sentence, whatever the path is", () => {
    fc.assert(fc.property(anyText(), (path) => expect(pathHint(path)).toMatch(/^(?:; [^.]+)?$/)));
  });
});

describe("makeFolder()", () => {
  test("makes folders, but none that is named after a home folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecap-make-"));
    try {
      await makeFolder(join(folder, "a", "b"));
      await makeFolder(join(folder, "a", "b"));
      expect(existsSync(join(folder, "a", "b"))).toBe(true);
      for (const path of ["~", "~/runs"]) {
        expect(isQuotedHome(path)).toBe(true);
        expect(await codeOf(makeFolder(path))).toBe("file-unwritable");
      }
      expect(existsSync("~")).toBe(false);
      await writeFile(join(folder, "file"), "");
      await expect(makeFolder(join(folder, "file", "b"))).rejects.toThrow(/a part of its path is a file/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
