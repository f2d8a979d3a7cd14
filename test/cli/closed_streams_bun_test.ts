import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeTinyBundle } from "./edgecap.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const photo = fileURLToPath(new URL("../fixtures/images/rgb.jpg", import.meta.url));

let folder: string;
let captions: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-closed-"));
  bundle = await writeTinyBundle(join(folder, "bundle"));
  captions = join(folder, "captions.txt");
  writeFileSync(captions, "image,caption\na.jpg,a dog runs\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a verb in a shell that redirects its streams. */
function run(redirection: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    "sh",
    ["-c", `exec "$@" ${redirection}`, "sh", process.execPath, main, ...args],
    { input: "A dog runs.\n", encoding: "utf8", env: { ...process.env, NO_COLOR: "1", EDGECAP_BACKEND: "wasm" } },
  );
  return { status, stdout, stderr };
}

describe("standard output", () => {
  test("that cannot be written to is an error, with status 1", () => {
    const pieces = [
      ["tokenize"],
      ["--version"],
      ["caption", "--help"],
      ["caption", photo, "--bundle", bundle],
      ["caption", photo, "--json", "--bundle", bundle],
    ];
    for (const args of pieces) {
      const { status, stderr } = run("1</dev/null", args);
      expect([args, status, stderr]).toEqual([
        args,
        1,
        expect.stringMatching(/^error: Cannot write to standard output/),
      ]);
    }
  });

  test("that is closed is /dev/null to the runtime, and ends as that does", () => {
    const { status, stderr } = run(">&-", ["tokenize"]);
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("standard error", () => {
  test("that is closed, full or unread does not spoil a result", () => {
    for (const redirection of ["2>&-", "2>/dev/full"]) {
      const { status, stdout } = run(redirection, ["tokenize"]);
      expect([redirection, status, stdout]).toEqual([redirection, 0, "a dog runs\n"]);
      // One picture is good, and nobody reads the error about the other.
      const mixed = run(redirection, ["caption", photo, captions, "--json", "--bundle", bundle]);
      expect([redirection, mixed.status, JSON.parse(mixed.stdout.split("\n")[0]!).caption]).toEqual([
        redirection,
        1,
        expect.stringMatching(/./),
      ]);
    }
  });
});
