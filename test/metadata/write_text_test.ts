import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PictureText } from "../../src/metadata/fields.ts";
import { removeSidecar, type WriteTextOptions, writeText } from "../../src/metadata/write_text.ts";
import { codeOf } from "../code_of.ts";
import { testUnless } from "../skip.ts";
import { jpegOf, jpegSegment, pngOf } from "./picture_bytes.ts";

const jpeg = jpegOf({ segments: [], rest: jpegSegment(0xda, new Uint8Array(9)) });
const cat: PictureText = { caption: "A cat", keywords: ["cat"] };
const windows = process.platform === "win32" ? "Windows has no such permissions" : undefined;

async function withPicture(work: (folder: string, picture: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-metadata-"));
  try {
    const picture = join(folder, "a.jpg");
    await writeFile(picture, jpeg);
    await work(folder, picture);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function write(picture: string, options: Partial<WriteTextOptions> = {}, text = cat, image = jpeg) {
  const { files, error } = await writeText(picture, image, text, { forms: ["xmp"], ...options });
  if (error !== undefined) throw error;
  return files;
}

describe("writeText()", () => {
  testUnless(windows, "keeps a picture's permissions, and gives it the time of the writing", () =>
    withPicture(async (folder, picture) => {
      await chmod(picture, 0o640);
      await utimes(picture, 1000, 1000);
      await write(picture);
      const { mode, mtimeMs } = await stat(picture);
      expect(mode & 0o777).toBe(0o640);
      expect(mtimeMs).toBeGreaterThan(1_000_000);
      expect(await readdir(folder)).toEqual(["a.jpg"]);
    }),
  );

  testUnless(windows, "writes into the file that a link leads to, and leaves the link", () =>
    withPicture(async (folder, picture) => {
      const link = join(folder, "link.jpg");
      await symlink("a.jpg", link);
      await write(link);
      expect((await lstat(link)).isSymbolicLink()).toBe(true);
      expect(await readFile(picture, "latin1")).toContain(">A cat<");
    }),
  );

  testUnless(windows, "leaves a file that is read-only", () =>
    withPicture(async (_, picture) => {
      await chmod(picture, 0o444);
      expect(await codeOf(write(picture))).toBe("file-unwritable");
      expect(Buffer.compare(await readFile(picture), jpeg)).toBe(0);
    }),
  );

  test("does not write a picture that has changed since", () =>
    withPicture(async (_, picture) => {
      await writeFile(picture, "another picture");
      expect(await codeOf(write(picture))).toBe("data-invalid");
      expect(await readFile(picture, "utf8")).toBe("another picture");
    }));

  test("touches nothing if there is nothing to change, or in a dry run", () =>
    withPicture(async (folder, picture) => {
      const [file] = await write(picture, { dryRun: true });
      expect(file!.fields.map(({ outcome }) => outcome)).toEqual(["written", "written", "written"]);
      await write(picture, { dryRun: true, sidecar: "darktable" });
      await write(picture, {}, { keywords: [] });
      expect(Buffer.compare(await readFile(picture), jpeg)).toBe(0);
      expect(await readdir(folder)).toEqual(["a.jpg"]);
    }));

  test("names sidecars as darktable and as Adobe do, and puts the other forms into the picture", () =>
    withPicture(async (folder, picture) => {
      const written = await write(picture, { sidecar: "darktable", forms: ["xmp", "exif"] });
      expect(written.map(({ path }) => path)).toEqual([picture, `${picture}.xmp`]);
      expect(await readFile(`${picture}.xmp`, "utf8")).toContain(">A cat<");
      expect(await readFile(picture, "latin1")).toContain("A cat\0");
      await writeFile(picture, jpeg);
      await write(picture, { sidecar: "adobe" });
      expect(existsSync(join(folder, "a.xmp"))).toBe(true);
      expect(Buffer.compare(await readFile(picture), jpeg)).toBe(0);
      await removeSidecar(picture, "adobe");
      expect(existsSync(join(folder, "a.xmp"))).toBe(false);
    }));

  test("writes the forms that a format supports, and says which it does not support", () =>
    withPicture(async (folder) => {
      const picture = join(folder, "b.png");
      const png = pngOf({ chunks: [], rest: new Uint8Array() });
      await writeFile(picture, png);
      const { files, error } = await writeText(picture, png, cat, { forms: ["iptc", "xmp", "exif"] });
      expect(files.map(({ fields }) => fields.length)).toEqual([4]);
      expect(error?.code).toBe("image-unsupported");
      expect(await readFile(picture, "latin1")).toContain(">A cat<");
    }));

  test("never gives two pictures the same sidecar", () =>
    withPicture(async (folder, picture) => {
      await writeFile(join(folder, "a.PNG"), "");
      expect(await codeOf(write(picture, { sidecar: "adobe" }))).toBe("data-invalid");
      await write(picture, { sidecar: "darktable" });
      expect((await readdir(folder)).sort()).toEqual(["a.PNG", "a.jpg", "a.jpg.xmp"]);
    }));

  test("keeps and names a sidecar that is not XMP or that others wrote into", () =>
    withPicture(async (_, picture) => {
      const sidecar = `${picture}.xmp`;
      await writeFile(sidecar, "<x/>");
      await expect(write(picture, { sidecar: "darktable" })).rejects.toThrow("a.jpg.xmp");
      await removeSidecar(picture, "darktable");
      expect(await readFile(sidecar, "utf8")).toBe("<x/>");
      await rm(sidecar);
      await write(picture, { sidecar: "darktable" });
      await writeFile(sidecar, (await readFile(sidecar, "utf8")).replace("A cat", "Tom"));
      await removeSidecar(picture, "darktable");
      expect(existsSync(sidecar)).toBe(true);
    }));
});
