/** Mistakes of people who try edgecap in a hurry, and the errors that help them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { testUnless } from "../skip.ts";
import { edgecap, main, writeTinyBundle } from "./edgecap.ts";

let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-traps-"));
  bundle = await writeTinyBundle(join(folder, "bundle"));
  mkdirSync(join(folder, "photos"));
  for (const name of ["photos/a ü.png", "-dash.png"])
    copyFileSync(fileURLToPath(new URL("../fixtures/images/rgb.png", import.meta.url)), join(folder, name));
  writeFileSync(join(folder, "rows.csv"), "image,caption\nphotos/a.jpg,a dog\n");
  writeFileSync(join(folder, "rows.jsonl"), '{"image":"photos/a.jpg"}\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => edgecap(args, { cwd: folder });
const withBundle = () => ["--bundle", bundle];

test("an address is refused with what to do, in an argument and in a list", async () => {
  const wrong = ["http://x.example/y.jpg?a=[1]", "data:image/png;base64,AAAA", ""];
  const caption = await run("caption", ...wrong, ...withBundle());
  expect([caption.status, caption.stdout]).toEqual([1, ""]);
  expect(caption.stderr).toMatch(/address.*curl -sL ADDRESS \| edgecap caption -.*\n.*data URL.*\n.*empty/);
  for (const verb of [
    ["batch", "--out", "o.jsonl"],
    ["features", "--out", "o.npy"],
  ]) {
    const { status, stderr } = await run(...verb, wrong[0]!);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^error: "http.* is an address/)]);
  }
  for (const verb of [["watch", "--write", "json"], ["alt"]])
    expect((await run(...verb, "https://x.example")).stderr).toContain("is an address, not a folder");
  writeFileSync(join(folder, "list.txt"), `${wrong[0]}\n`);
  const batch = await run("batch", "list.txt", "--out", "failed.jsonl", "--workers", "1", ...withBundle());
  expect([batch.status, readFileSync(join(folder, "failed.jsonl"), "utf8")]).toEqual([
    1,
    expect.stringContaining("is an address"),
  ]);
});

test("a file: address is read as its path, in an argument and in a list", async () => {
  const path = join(folder, "photos", "a ü.png");
  const address = pathToFileURL(path).href;
  const { status, stdout } = await run("caption", address, "--json", ...withBundle());
  expect([status, JSON.parse(stdout).image]).toEqual([0, path]);
  writeFileSync(join(folder, "list.txt"), `${address}\nfile://elsewhere/a.jpg\n`);
  const batch = await run("batch", "list.txt", "--out", "read.jsonl", "--workers", "1", ...withBundle());
  expect(JSON.parse(readFileSync(join(folder, "read.jsonl"), "utf8")).image).toBe(path);
  expect([batch.status, batch.stderr]).toEqual([
    1,
    expect.stringMatching(/Line 2 of .* names no file of this machine/),
  ]);
});

test("a table or JSON instead of a list is refused, with what to do", async () => {
  for (const [name, command] of [
    ["rows.csv", "cut -d',' -f1"],
    ["rows.jsonl", "jq -r"],
  ] as const) {
    const { status, stderr } = await run("batch", name, "--out", "o.jsonl", ...withBundle());
    expect([name, status, stderr.includes(command), stderr.includes(`Line 1 of "${name}"`)]).toEqual([
      name,
      1,
      true,
      true,
    ]);
  }
});

test("a file name that begins with a dash is refused, with how to write it", async () => {
  for (const verb of [["caption"], ["batch", "--out", "o.jsonl"], ["features", "--out", "o.npy"]]) {
    const { status, stderr } = await run(...verb, "-dash.png");
    expect([verb, status, stderr]).toEqual([verb, 2, expect.stringContaining("give ./-dash.png")]);
  }
  for (const name of [["./-dash.png"], ["--", "-dash.png"]])
    expect((await run("caption", ...withBundle(), ...name)).status).toBe(0);
  expect((await run("caption", "--nonsense", "a.png")).stderr).not.toContain("./");
});

test("a pattern that matches nothing is an error that says so", async () => {
  const caption = await run("caption", "photos/*.webp", ...withBundle());
  const batch = await run("batch", "photos/*.webp", "--out", "o.jsonl", ...withBundle());
  for (const { status, stderr } of [caption, batch])
    expect([status, stderr]).toEqual([1, expect.stringContaining("as a pattern it matches no")]);
});

test("a bundle or a file of captions that is not there is an error that says what to do", async () => {
  expect((await run("caption", "--bundle", "fats", "photos")).stderr).toMatch(/No bundle at .*or fast\.\n$/);
  const { status, stderr } = await run("evaluate", "--captions", "none.txt", "--hypotheses", "none.jsonl");
  expect([status, stderr]).toEqual([1, 'error: Cannot read "none.txt": there is no such file.\n']);
});

test("a ~ that no shell replaced is named, and no folder of that name is made", async () => {
  const says = expect.stringContaining("only a shell replaces ~");
  for (const args of [
    ["caption", "~/a.png", ...withBundle()],
    ["caption", "photos", "--bundle", "~/bundle"],
    ["batch", "~/photos", "--out", "o.jsonl", ...withBundle()],
    ["batch", "photos", "--out", "~/o.jsonl", ...withBundle()],
    ["watch", "~/photos", "--write", "json", "--once"],
    ["alt", "~/site"],
    ["assets", "~/site"],
  ]) {
    const { status, stderr } = await run(...args);
    expect([args, status, stderr]).toEqual([args, 1, says]);
  }
  expect(existsSync(join(folder, "~"))).toBe(false);
});

test("an EDGECAP_CACHE with ~, as a file of settings may have it, is in the home folder", async () => {
  const env = { HOME: folder, EDGECAP_CACHE: "~/.caches/edgecap" };
  const found = await edgecap(["caption", "photos/a ü.png", ...withBundle()], { cwd: folder, env });
  expect([found.status, existsSync(join(folder, "~"))]).toEqual([0, false]);
});

test("a path with the separators of Windows is named elsewhere", async () => {
  const { status, stderr } = await run("caption", "photos\\a ü.png", ...withBundle());
  expect([status, stderr]).toEqual([1, expect.stringContaining('folders are separated by "/"')]);
});

test("a misspelt variable is refused by name, and those of other programs are not", async () => {
  const env = (variables: Record<string, string>) =>
    edgecap(["caption", "photos", ...withBundle()], { cwd: folder, env: variables });
  for (const [name, meant] of [
    ["EDGECAP_TOKEN", "EDGECAP_TOKENS"],
    ["EDGECAP_BACKENDS", "EDGECAP_BACKEND"],
    ["edgecap_cache", "EDGECAP_CACHE"],
  ] as const) {
    const { status, stderr } = await env({ [name]: "x" });
    expect([status, stderr]).toEqual([2, `error: There is no variable ${name}: rename it to ${meant}, or unset it.\n`]);
  }
  // What Kubernetes sets for a service of the name.
  const service = { EDGECAP_PORT: "tcp://10.0.0.1:3000", EDGECAP_SERVICE_HOST: "10.0.0.1", EDGECAP_PORT_3000_TCP: "x" };
  expect((await env(service)).status).toBe(0);
});

test("every way to ask for the version gives it", async () => {
  const [first, ...others] = await Promise.all(["--version", "-V", "-v", "version"].map((args) => run(args)));
  expect([first!.status, first!.stdout]).toEqual([0, expect.stringMatching(/^edgecap \d/)]);
  for (const other of others) expect(other).toEqual(first!);
  expect((await run("help", "caption")).stdout).toBe((await run("caption", "--help")).stdout);
});

const noScript = spawnSync("script", ["--version"]).status === 0 ? undefined : "no script, which plays a terminal";

testUnless(noScript, "a terminal that calls itself dumb gets no control sequences", async () => {
  const shown = (terminal: string) => {
    const command = `"${process.execPath}" "${main}" batch photos ./-dash.png --out ${terminal}.jsonl --bundle "${bundle}"`;
    const args = ["-qec", command, "/dev/null"];
    const env = { ...process.env, NO_COLOR: "1", TERM: terminal, EDGECAP_BACKEND: "wasm" };
    return spawnSync("script", args, { cwd: folder, env, encoding: "utf8" }).stdout;
  };
  const sequence = String.fromCharCode(27);
  const dumb = shown("dumb");
  expect([dumb.includes(sequence), dumb]).toEqual([false, expect.stringMatching(/^2 captioned/)]);
  expect(shown("xterm")).toContain(sequence);
});
