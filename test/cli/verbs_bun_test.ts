import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testUnless } from "../skip.ts";
import { edgecap, writeTinyBundle } from "./edgecap.ts";

const noPowerShell = spawnSync("pwsh", ["-Version"]).status === 0 ? undefined : "PowerShell is not installed";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-cli-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("edgecap", () => {
  test("--help of every verb says how to call it, and gives an example", async () => {
    const { status, stdout } = await edgecap(["--help"]);
    expect(status).toBe(0);
    const verbs = [...stdout.matchAll(/^ {2}([a-z-]+) (?:\[|<)/gm)]
      .map((found) => found[1]!)
      .filter((v) => v !== "help");
    expect(verbs.length).toBeGreaterThanOrEqual(7);
    for (const verb of verbs) {
      const help = await edgecap([verb, "--help"]);
      expect([verb, help.status]).toEqual([verb, 0]);
      expect(help.stdout).toContain(`Usage: edgecap ${verb}`);
      expect(help.stdout).toMatch(/Examples?:\n/);
    }
  });

  test("--version prints the version and the runtime", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect((await edgecap(["--version"])).stdout).toBe(`edgecap ${version}, Bun ${Bun.version}\n`);
  });
});

describe("edgecap models", () => {
  test("verifies the bundle that comes with edgecap", async () => {
    const { status, stdout } = await edgecap(["models", "--json"]);
    expect(status).toBe(0);
    const bundles = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const [attention] = bundles.filter(({ name }) => name === "edgecap-attention");
    expect(attention.scores.cider).toBeGreaterThan(0.4);
    const [fast] = bundles.filter(({ name }) => name === "edgecap-attention-fast");
    expect(fast.scores.cider).toBeWithin(0.4, attention.scores.cider);
  });

  test("finds a file that was changed", async () => {
    const bundle = await writeTinyBundle(join(folder, "changed"));
    const file = join(bundle, "encoder.onnx");
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const { status, stdout } = await edgecap(["models", "--json", bundle]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error.code).toBe("bundle-hash-mismatch");
  });
});

describe("edgecap doctor", () => {
  test("tries a bundle on every backend, and says which one auto chooses", async () => {
    const bundle = await writeTinyBundle(join(folder, "doctor"));
    const { status, stdout } = await edgecap(["doctor", "--bundle", bundle]);
    expect(status).toBe(0);
    for (const part of ["cores", "wasm", "rust", "webgpu", "native", "auto takes wasm: the bundle stores no answer"])
      expect(stdout).toContain(part);
  });
});

describe("edgecap tokenize", () => {
  test("prints a JSON array for each line, empty lines included", async () => {
    const { stdout } = await edgecap(["tokenize", "--json"], {
      stdin: "A man's dog doesn't bark.\n\n...\nTwo   kids , at 5pm!",
    });
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([["a", "man", "'s", "dog", "does", "n't", "bark"], [], [], ["two", "kids", "at", "5", "pm"]]);
  });
});

describe("edgecap completion", () => {
  test("completes verbs and options in bash", async () => {
    const { stdout } = await edgecap(["completion", "bash"]);
    const script = join(folder, "completion.bash");
    writeFileSync(
      script,
      `${stdout}
COMP_WORDS=(edgecap cap); COMP_CWORD=1; _edgecap; echo "\${COMPREPLY[@]}"
COMP_WORDS=(edgecap caption --be); COMP_CWORD=2; _edgecap; echo "\${COMPREPLY[@]}"
`,
    );
    const bash = spawnSync("bash", [script], { encoding: "utf8" });
    expect(bash.stdout).toBe("caption\n--beams\n");
  });

  test("names all verbs and options for PowerShell, with quotes around each text", async () => {
    const { stdout } = await edgecap(["completion", "powershell"]);
    const strings = [...stdout.matchAll(/'(?:[^']|'')*'/g)].map(([text]) => text.slice(1, -1));
    for (const expected of [
      "alt",
      "--write",
      "Write captions into the pictures of a folder, or into files beside them, and keep them up to date.",
    ])
      expect(strings).toContain(expected);
    const rest = stdout.replaceAll(/'(?:[^']|'')*'/g, "S").replaceAll(/#.*/g, "");
    expect(rest).not.toContain("'");
    for (const [open, close] of ["()", "{}", "[]"]) expect(rest.split(open!).length).toBe(rest.split(close!).length);
  });

  testUnless(noPowerShell, "completes verbs and options in PowerShell", async () => {
    const { stdout } = await edgecap(["completion", "powershell"]);
    const script = join(folder, "completion.ps1");
    const asked = ["edgecap cap", "edgecap caption --be", "edgecap caption --json --be"];
    writeFileSync(
      script,
      `${stdout}\n${asked.map((line) => `(TabExpansion2 -inputScript '${line}' -cursorColumn ${line.length}).CompletionMatches.CompletionText`).join("\n")}`,
    );
    const shell = spawnSync("pwsh", ["-NoProfile", "-File", script], { encoding: "utf8" });
    expect(shell.stdout.trim().split(/\r?\n/)).toEqual(["caption", "--beams", "--beams"]);
  });

  test("refuses a shell that it does not know", async () => {
    const { status, stderr } = await edgecap(["completion", "tcsh"]);
    expect(status).toBe(2);
    expect(stderr).toContain("tcsh");
  });
});
