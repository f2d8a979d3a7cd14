/**
 * Compares the sizes in docs/embed.md with the package. test/bundlers_long_bun_test.ts does so for its scripts.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPackage } from "../scripts/build/build_package.ts";

const page = readFileSync(fileURLToPath(new URL("../docs/embed.md", import.meta.url)), "utf8");
let folder: string;
let built: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-size-"));
  built = join(folder, "package");
  buildPackage(built);
});

afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Whether a figure of the document is that of the package, except for the last digit: a new sentence in a README
 * should not fail the test.
 */
function expectNear(said: number, found: number): void {
  expect([said, found, Math.abs(said - found) <= 0.03 * found]).toEqual([said, found, true]);
}

describe("docs/embed.md", () => {
  test("says how large the package is, packed and unpacked", () => {
    const { status, stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json", built], { encoding: "utf8" });
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    const [{ size, unpackedSize }] = JSON.parse(stdout) as [{ size: number; unpackedSize: number }];
    const [, packed, unpacked] = /^The package is ([\d.]+) MB packed and ([\d.]+) MB unpacked;/m.exec(page)!;
    expectNear(Number(packed), size / 1e6);
    expectNear(Number(unpacked), unpackedSize / 1e6);
  });
});
