import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { printable } from "../../src/cli/printable.ts";
import { anyText } from "../any_text.ts";
import { edgecap, inFolder, writeTinyBundle } from "./edgecap.ts";

const photo = fileURLToPath(new URL("../fixtures/images/rgb.png", import.meta.url));

describe("printable()", () => {
  test("shows control characters as their codes, and leaves other text alone", () => {
    expect(printable("a\x1b[31mb\nc\x9bd\u202Egpj.exe")).toBe("a\\x1b[31mb\\x0ac\\x9bd\\u202egpj.exe");
    for (const name of ["my photo.jpg", "e\u0301té.jpg", "写真.png", "👩‍👩‍👧.webp", "a\\b", ""])
      expect(printable(name)).toBe(name);
  });

  test("lets no control character through, whatever the text", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028-\u202E\u2066-\u2069]/u);
      }),
    );
  });
});

describe("a file with control characters in its name", () => {
  test("does not affect the terminal, stays on one line, and has its unchanged name in JSON", async () => {
    await inFolder(async (folder) => {
      const bundle = await writeTinyBundle(join(folder, "bundle"));
      const photos = join(folder, "photos");
      mkdirSync(photos);
      copyFileSync(photo, join(photos, "\x1b[2Jgood\n.png"));
      writeFileSync(join(photos, "\x1b]0;bad\x07.png"), "no picture");
      const text = await edgecap(["caption", "photos", "--bundle", bundle], { cwd: folder });
      expect(text.status).toBe(1);
      expect(text.stdout).toMatch(/^photos.\\x1b\[2Jgood\\x0a\.png: .*\n$/);
      expect(text.stderr).toMatch(/^photos.\\x1b\]0;bad\\x07\.png: error: .*\n$/);
      const json = await edgecap(["caption", "photos", "--json", "--bundle", bundle], { cwd: folder });
      const images = json.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).image);
      expect(images.sort()).toEqual([join("photos", "\x1b[2Jgood\n.png"), join("photos", "\x1b]0;bad\x07.png")]);
      const missing = await edgecap(["caption", "\x1b[2Jno.jpg", "--bundle", "\x1b[2Jnowhere"], { cwd: folder });
      expect(missing.stderr).not.toContain("\x1b");
      expect(missing.stderr).toContain("\\x1b[2J");
    });
  });
});
