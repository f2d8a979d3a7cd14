import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { inputImages } from "../../src/batch/input_images.ts";
import { EdgecapError } from "../../src/errors.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-input-"));
  try {
    await mkdir(join(folder, "sub", "deeper"), { recursive: true });
    for (const name of ["a.jpg", "B.JPEG", "notes.txt", "sub/c.png", "sub/deeper/d.webp", "sub/e.mov"]) {
      await writeFile(join(folder, name), "");
    }
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function fail(error: Error): never {
  throw error;
}

async function all(inputs: string[], stdin = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const image of inputImages(inputs, Readable.from([stdin]), { onProblem: fail })) found.push(image);
  return found;
}

describe("inputImages()", () => {
  test("finds the pictures of a folder and of those in it", () =>
    withFolder(async (folder) => {
      const names = ["B.JPEG", "a.jpg", "sub/c.png", "sub/deeper/d.webp"];
      expect((await all([folder])).sort()).toEqual(names.map((name) => join(folder, name)));
    }));

  test("takes pictures, patterns and lists, in their order", () =>
    withFolder(async (folder) => {
      const list = join(folder, "notes.txt");
      await writeFile(list, "one.jpg\r\n\n  two words.png  \nlast");
      const found = await all([join(folder, "a.jpg"), join(folder, "sub", "*"), list]);
      expect(found).toEqual([
        join(folder, "a.jpg"),
        join(folder, "sub", "c.png"),
        ...["one.jpg", "two words.png", "last"],
      ]);
    }));

  test("reads a list from standard input", async () => {
    expect(await all(["-"], "x.jpg\ny.jpg\n")).toEqual(["x.jpg", "y.jpg"]);
    expect(await all(["-"])).toEqual([]);
  });

  test("says what is not there", async () => {
    const work = all(["no such folder"]);
    await expect(work).rejects.toBeInstanceOf(EdgecapError);
    await expect(work).rejects.toThrow('"no such folder" does not exist');
  });

  test("gives the first path before the list has been read", async () => {
    let lines = 0;
    const endless = new Readable({
      read() {
        this.push(`${lines++}.jpg\n`);
      },
    });
    for await (const image of inputImages(["-"], endless, { onProblem: fail })) {
      if (image === "1000.jpg") break;
    }
    expect(lines).toBeLessThan(100_000);
  });
});
