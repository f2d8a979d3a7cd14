import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testUnless } from "../skip.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const photo = fileURLToPath(new URL("../fixtures/images/rgb.jpg", import.meta.url));
const notLinux = process.platform === "linux" ? undefined : "only Linux says how standard output was opened";

let folder: string;
let captions: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-closed-"));
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
  testUnless(notLinux, "that is closed is an error of one line for every verb that prints results", () => {
    const verbs = [
      ["caption", photo],
      ["tokenize"],
      ["models"],
      ["licences"],
      ["completion", "bash"],
      ["--version"],
      ["tokenize", "--help"],
    ];
    for (const args of verbs) {
      const { status, stderr } = run(">&-", args);
      expect([args[0], status, stderr]).toEqual([
        args[0],
        1,
        "error: Cannot write to standard output: it is closed; to discard the output, add >/dev/null.\n",
      ]);
    }
  });

  test("may be discarded, by a shell or by a parent process", () => {
    expect(run(">/dev/null", ["tokenize"])).toMatchObject({ status: 0, stderr: "" });
    const quiet = spawnSync(process.execPath, [main, "tokenize"], { stdio: ["ignore", "ignore", "pipe"] });
    expect([quiet.status, String(quiet.stderr)]).toEqual([0, ""]);
  });
});

describe("standard error", () => {
  test("that is closed, full or unread does not spoil a result", () => {
    for (const redirection of ["2>&-", "2>/dev/full"]) {
      const { status, stdout } = run(redirection, ["tokenize"]);
      expect([redirection, status, stdout]).toEqual([redirection, 0, "a dog runs\n"]);
      // One picture is good, and the complaint about the other has no reader.
      const mixed = run(redirection, ["caption", photo, captions, "--json"]);
      expect([redirection, mixed.status, JSON.parse(mixed.stdout.split("\n")[0]!).caption]).toEqual([
        redirection,
        1,
        expect.stringMatching(/./),
      ]);
    }
  });
});
