/** What docs/embed.md says that the package weighs, held to the package. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildPackage } from "../scripts/build_package.ts";

const page = readFileSync(fileURLToPath(new URL("../docs/embed.md", import.meta.url)), "utf8");
const installed = fileURLToPath(new URL("../node_modules", import.meta.url));
let folder: string;
let built: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-size-"));
  built = join(folder, "package");
  buildPackage(built);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Whether a figure of the page is that of the package, to the last digit but one: a new sentence in a README is no fault. */
function expectNear(said: number, found: number): void {
  expect([said, found, Math.abs(said - found) <= 0.03 * found]).toEqual([said, found, true]);
}

describe("docs/embed.md", () => {
  test("says how large the package is, packed and unpacked", () => {
    const { status, stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json", built], { encoding: "utf8" });
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    const [{ size, unpackedSize }] = JSON.parse(stdout) as [{ size: number; unpackedSize: number }];
    const [, packed, unpacked] = /^\| the package, packed \| ([\d.]+) MB; unpacked ([\d.]+) MB/m.exec(page)!;
    expectNear(Number(packed), size / 1e6);
    expectNear(Number(unpacked), unpackedSize / 1e6);
  });

  test("says how large a page's script is", async () => {
    // As an app has it: edgecap, and beside it what it depends on.
    const modules = join(folder, "node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(installed)) symlinkSync(join(installed, name), join(modules, name));
    symlinkSync(built, join(modules, "edgecap"));
    writeFileSync(join(folder, "page.ts"), 'import { load } from "edgecap";\nconsole.log(load);\n');
    const { success, outputs } = await Bun.build({
      entrypoints: [join(folder, "page.ts")],
      target: "browser",
      minify: true,
    });
    expect(success).toBe(true);
    const text = await outputs[0]!.text();
    const [, minified, zipped] = /^\| a page's script with `load`, minified \| (\d+) kB, (\d+) kB gzipped/m.exec(page)!;
    expectNear(Number(minified), text.length / 1000);
    expectNear(Number(zipped), gzipSync(text).length / 1000);
  });
});
