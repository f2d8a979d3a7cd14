/** Mistakes of people who try edgecap in a hurry, and the errors that help them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { edgecap, writeTinyBundle } from "./edgecap.ts";

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
