import { describe, expect, test } from "bun:test";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAtomicFile, removeAbandoned, writeAtomically } from "../../src/files/atomic_write.ts";
import { codeOf } from "../code_of.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-write-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("writeAtomically()", () => {
  test("replaces what has the name, and leaves nothing else behind", () =>
    inFolder(async (folder) => {
      const path = join(folder, "a.txt");
      await writeAtomically(path, "one");
      await writeAtomically(path, new TextEncoder().encode("two"));
      expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual(["two", ["a.txt"]]);
    }));

  test("removes a link, and keeps its target", () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, "theirs"), "kept");
      await symlink("theirs", join(folder, "a.txt"));
      await writeAtomically(join(folder, "a.txt"), "mine");
      expect(await readFile(join(folder, "theirs"), "utf8")).toBe("kept");
      expect(await readFile(join(folder, "a.txt"), "utf8")).toBe("mine");
    }));

  test("keeps the old content if it fails, and leaves nothing half-written", () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, "folder", "full"), { recursive: true });
      expect(await codeOf(writeAtomically(join(folder, "folder"), "x"))).toBe("file-unwritable");
      expect(await codeOf(writeAtomically(join(folder, "none", "a.txt"), "x"))).toBe("file-unwritable");
      expect(await readdir(folder)).toEqual(["folder"]);
    }));

  test("unfinished files have different names", () =>
    inFolder(async (folder) => {
      const files = await Promise.all(Array.from({ length: 50 }, () => createAtomicFile(join(folder, "a.txt"))));
      const names = await readdir(folder);
      expect(new Set(names).size).toBe(50);
      for (const name of names) expect(name).toMatch(/^\.edgecap-\d+-[0-9a-f]{24}\.partial$/);
      for (const file of files) await file[Symbol.asyncDispose]();
      expect(await readdir(folder)).toEqual([]);
    }));
});

test("removeAbandoned() removes what killed processes left, and nothing else", () =>
  inFolder(async (folder) => {
    await using own = await createAtomicFile(join(folder, "a.txt"));
    const [mine] = await readdir(folder);
    const other = `.edgecap-1-${"0".repeat(24)}.partial`;
    const kept = [".edgecap-x.partial", "b.partial"];
    for (const name of [other, ...kept]) await writeFile(join(folder, name), "");
    // A recent one may belong to another process that is alive.
    await removeAbandoned(folder);
    expect((await readdir(folder)).sort()).toEqual([mine!, other, ...kept].sort());
    for (const name of [mine!, other, ...kept]) await utimes(join(folder, name), 1, 1);
    await removeAbandoned(folder);
    expect((await readdir(folder)).sort()).toEqual([mine!, ...kept].sort());
    await writeFile(join(folder, other), "");
    await removeAbandoned(folder, 0);
    expect((await readdir(folder)).sort()).toEqual([mine!, ...kept].sort());
    // In containers, the killed process often had the same number as this one.
    const sameNumber = `.edgecap-${process.pid}-${"1".repeat(24)}.partial`;
    await writeFile(join(folder, sameNumber), "");
    await removeAbandoned(folder, 0);
    expect((await readdir(folder)).sort()).toEqual([mine!, ...kept].sort());
    await own.finish();
    await removeAbandoned(join(folder, "none"));
  }));

test("the first file that a process writes into a folder removes what killed processes left there", () =>
  inFolder(async (folder) => {
    const left = `.edgecap-1-${"0".repeat(24)}.partial`;
    await writeFile(join(folder, left), "");
    await utimes(join(folder, left), 1, 1);
    await writeAtomically(join(folder, "a.txt"), "x");
    expect(await readdir(folder)).toEqual(["a.txt"]);
  }));

test("only these files of src write or rename files themselves", () => {
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const writers = globSync("**/*.ts", { cwd: root }).filter((file) =>
    /\b(?:(?:writeFile|writeFileSync|createWriteStream|writeSync|rename|renameSync)\(|openSync\([^)]*"w)/.test(
      readFileSync(join(root, file), "utf8"),
    ),
  );
  expect(writers.sort()).toEqual([
    // The first process creates the lock.
    "batch/file_lock.ts",
    // A folder replaces a folder.
    "bundle/write_bundle.ts",
    "files/atomic_write.ts",
    // Partial downloads, which another process continues.
    "platform/storage.ts",
  ]);
});
