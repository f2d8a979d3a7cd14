import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sureBundleFiles } from "../fixtures/sure_bundle.ts";
import { edgecap } from "./edgecap.ts";

let folder: string;
let photos: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-writing-"));
  photos = join(folder, "photos");
  bundle = join(folder, "bundle");
  mkdirSync(photos);
  mkdirSync(bundle);
  copyFileSync(fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url)), join(photos, "a.jpg"));
  for (const [file, bytes] of await sureBundleFiles({ confidence: 0.4, concepts: { man: 0.9 } }))
    writeFileSync(join(bundle, file), bytes);
});

afterAll(() => rmSync(folder, { recursive: true }));

const photo = () => join(photos, "a.jpg");
const form = ["--neutral", "--sentence"];
const unsure = ["--min-confidence", "0.5"];

describe("edgecap caption", () => {
  test("prints a neutral sentence", async () => {
    const { status, stdout, stderr } = await edgecap(["caption", photo(), "--bundle", bundle, ...form]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^[A-Z].*\.\n$/);
    expect(stdout).not.toMatch(/\bman\b/i);
  });

  test("writes the plain caption in the same form", async () => {
    const { status, stdout } = await edgecap(["caption", photo(), "--bundle", bundle, ...form, ...unsure]);
    expect([status, stdout]).toEqual([1, "A photo of a person.\n"]);
  });

  test("--max-characters prints nothing and ends with 1 if nothing fits", async () => {
    const asked = ["caption", photo(), "--bundle", bundle, "--max-characters"];
    const none = await edgecap([...asked, "1", ...form]);
    expect([none.status, none.stdout]).toEqual([1, ""]);
    expect(none.stderr).toMatch(/a\.jpg: too-long: No sentence .* is short enough/);
    const wrong = await edgecap([...asked, "0"]);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('"0" is not a whole number from 1')]);
  });
});

test("edgecap batch writes the requested form, and counts what fits no form", async () => {
  const out = join(folder, "results.jsonl");
  const asked = ["batch", photos, "--bundle", bundle, "--workers", "1", ...form];
  expect((await edgecap([...asked, "--out", out])).status).toBe(0);
  const line = JSON.parse(readFileSync(out, "utf8"));
  expect(line.caption).toMatch(/^[A-Z].*\.$/);
  expect(line.concepts.map(({ name }: { name: string }) => name)).toContain("person");
  const short = join(folder, "short.jsonl");
  const { status, stderr } = await edgecap([...asked, "--out", short, "--max-characters", "1"]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("1 of those captioned were less sure or longer")]);
  expect(JSON.parse(readFileSync(short, "utf8"))).toMatchObject({ caption: "", reason: "too-long", words: [] });
});

test("edgecap watch writes the requested form, in every form of file", async () => {
  const asked = ["watch", photos, "--bundle", bundle, "--once", ...form, ...unsure];
  for (const [how, file] of [
    ["json", "captions.json"],
    ["xmp", "a.jpg.xmp"],
    ["html", "index.html"],
  ] as const) {
    expect((await edgecap([...asked, "--write", how])).status).toBe(1);
    expect(readFileSync(join(photos, file), "utf8")).toContain("A photo of a person.");
  }
});
