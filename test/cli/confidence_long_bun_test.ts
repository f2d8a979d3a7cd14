import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sureBundleFiles } from "../fixtures/sure_bundle.ts";
import { edgecap } from "./edgecap.ts";

let folder: string;
let photos: string;
/** Bundles with the same confidence for every sentence; one of them sees a dog in every picture. */
const bundles = { blind: "", glimpses: "", sees: "" };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-confidence-"));
  photos = join(folder, "photos");
  mkdirSync(photos);
  copyFileSync(fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url)), join(photos, "a.jpg"));
  for (const [name, probability] of [
    ["blind", 0.4],
    ["glimpses", 0.6],
    ["sees", 0.9],
  ] as const) {
    bundles[name] = join(folder, name);
    mkdirSync(bundles[name]);
    const files = await sureBundleFiles({ confidence: 0.4, concepts: { dog: probability } });
    for (const [file, bytes] of files) writeFileSync(join(bundles[name], file), bytes);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

const photo = () => join(photos, "a.jpg");
const asking = (bundle: keyof typeof bundles, confidence: string) => [
  ...["--bundle", bundles[bundle], "--min-confidence", confidence],
];

describe("edgecap caption --min-confidence", () => {
  test("leaves out a sentence that is less sure, says why, and ends with 1", async () => {
    const { status, stdout, stderr } = await edgecap(["caption", photo(), ...asking("blind", "0.5")]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/a\.jpg: unsure: .*0\.40/);
  });

  test("prints what is sure instead", async () => {
    const { status, stdout, stderr } = await edgecap(["caption", photo(), ...asking("sees", "0.5")]);
    expect([status, stdout]).toEqual([1, "a photo of a dog\n"]);
    expect(stderr).toContain("unsure");
    const lines = await edgecap(["caption", "--json", photo(), ...asking("glimpses", "0.5")]);
    const answer = JSON.parse(lines.stdout);
    expect([lines.status, answer.caption, answer.reason]).toEqual([1, "", "unsure"]);
    expect(answer.concepts).toEqual([{ name: "dog", probability: expect.closeTo(0.6, 5) }]);
  });

  test("prints the sentence that is sure enough, and its confidence with --json alone", async () => {
    const { status, stdout, stderr } = await edgecap(["caption", photo(), ...asking("blind", "0.3")]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).not.toMatch(/0\.4|dog \d/);
    const { confidence } = JSON.parse((await edgecap(["caption", "--json", photo(), ...asking("blind", "0")])).stdout);
    expect(confidence).toBeCloseTo(0.4, 6);
  });

  test("refuses a value that is not a probability", async () => {
    expect((await edgecap(["caption", photo(), ...asking("blind", "50")])).status).toBe(2);
  });
});

test("edgecap batch --min-confidence keeps the reason, and ends with 1 then and later", async () => {
  const out = join(folder, "results.jsonl");
  const command = ["batch", photos, "--out", out, "--workers", "1", ...asking("blind", "0.5")];
  const first = await edgecap(command);
  expect(first.status).toBe(1);
  expect(first.stderr).toContain("1 of those captioned were less sure or longer than requested");
  expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ caption: "", reason: "unsure" });
  expect((await edgecap(command)).status).toBe(1);
});

test("edgecap watch --min-confidence writes keywords, but no sentence that is unsure", async () => {
  const run = await edgecap(["watch", photos, "--write", "xmp", "--once", ...asking("sees", "0.3")]);
  expect(run.status).toBe(0);
  expect(readFileSync(`${photo()}.xmp`, "utf8")).toContain("<rdf:li>dog</rdf:li>");
  rmSync(join(photos, ".edgecap.json"));
  const unsure = await edgecap(["watch", photos, "--write", "xmp", "--once", ...asking("blind", "0.5")]);
  expect(unsure.status).toBe(1);
  expect(unsure.stdout).toContain("a.jpg: no caption: The sentence for this picture is not sure enough");
  expect(existsSync(`${photo()}.xmp`)).toBe(false);
});
