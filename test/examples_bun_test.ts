import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const examples = fileURLToPath(new URL("../examples/", import.meta.url));

describe("examples", () => {
  test("are all in the table of examples/README.md", () => {
    const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const table = readFileSync(join(examples, "README.md"), "utf8");
    expect(folders.length).toBeGreaterThan(5);
    for (const { name } of folders) expect(table).toContain(`| [${name}](${name}/README.md) |`);
  });

  test("caption-folder captions what it can, and names what it cannot", () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecap-example-"));
    try {
      copyFileSync(join(examples, "coffee.jpg"), join(folder, "b.JPG"));
      writeFileSync(join(folder, "a.png"), "no picture");
      writeFileSync(join(folder, "notes.txt"), "no picture either");
      const main = join(examples, "caption-folder/main.ts");
      const { status, stdout, stderr } = spawnSync(process.execPath, [main, folder], { encoding: "utf8" });
      expect([status, stdout]).toEqual([1, expect.stringMatching(/^b\.JPG: [a-z' ]+\n$/)]);
      expect(stderr).toMatch(/^a\.png: .+\n$/);
      expect(stderr).not.toContain("notes");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
