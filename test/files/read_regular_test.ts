import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readIfThere, readRegularFile } from "../../src/files/read_regular.ts";
import { codeOf, reasonOf } from "../code_of.ts";
import { testUnless } from "../skip.ts";

const noProc = existsSync("/proc/self/maps") ? undefined : "no /proc";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-read-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("readRegularFile()", () => {
  test("reads files of any length up to the limit, and links to them", () =>
    inFolder(async (folder) => {
      for (const length of [0, 1, 1000, 70_000]) {
        const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
        const path = join(folder, `${length}`);
        await writeFile(path, bytes);
        await symlink(path, `${path}-link`);
        const read = await readRegularFile(path, 70_000);
        expect(read).toEqual(bytes);
        // The last user of the bytes can release their entire buffer.
        expect(read.buffer.byteLength).toBe(length);
        expect(await readRegularFile(`${path}-link`)).toEqual(bytes);
      }
      await expect(readRegularFile(join(folder, "70000"), 69_999)).rejects.toThrow("it is larger than 0 MiB");
    }));

  testUnless(noProc, "reads all of a file that is longer than the system says, and stops at its signal", async () => {
    const text = new TextDecoder().decode(await readRegularFile("/proc/self/maps"));
    expect(text.length).toBeGreaterThan(1000);
    expect(text.at(-1)).toBe("\n");
    await expect(readRegularFile("/proc/self/maps", 100)).rejects.toThrow("the limit for one file");
    const reason = new Error("left");
    expect(await reasonOf(readRegularFile("/proc/self/maps", 2 ** 20, AbortSignal.abort(reason)))).toBe(reason);
  });

  test("refuses folders, pipes, devices and links to them, at once", () =>
    inFolder(async (folder) => {
      const made = [folder];
      if (spawnSync("mkfifo", [join(folder, "pipe.jpg")]).status === 0) made.push(join(folder, "pipe.jpg"));
      if (existsSync("/dev/zero")) {
        await symlink("/dev/zero", join(folder, "zero.jpg"));
        made.push(join(folder, "zero.jpg"));
      }
      for (const path of made) {
        expect(await codeOf(readRegularFile(path))).toBe("file-unreadable");
        await expect(readRegularFile(path)).rejects.toThrow(/it is (?:a folder|a pipe|a device), not a file/);
      }
    }));

  test("distinguishes a missing file from one that cannot be read", () =>
    inFolder(async (folder) => {
      expect(await readIfThere(join(folder, "none"))).toBe(undefined);
      await symlink("loop", join(folder, "loop"));
      expect(await codeOf(readIfThere(join(folder, "loop")))).toBe("file-unreadable");
      expect(await codeOf(readIfThere(folder))).toBe("file-unreadable");
      await expect(readRegularFile(join(folder, "none"))).rejects.toThrow("there is no such file");
    }));
});
