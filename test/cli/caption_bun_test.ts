import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeTinyTransformers } from "../fixtures/tiny_transformers.ts";
import { edgecap, writeTinyBundle } from "./edgecap.ts";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const coffee = join(examples, "coffee.jpg");
let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-cli-"));
  bundle = await writeTinyBundle(join(folder, "bundle"));
  mkdirSync(join(folder, "photos", "inner"), { recursive: true });
  copyFileSync(coffee, join(folder, "photos", "b.jpg"));
  copyFileSync(coffee, join(folder, "photos", "inner", "a.JPG"));
  writeFileSync(join(folder, "photos", "notes.txt"), "no picture");
  writeFileSync(join(folder, "broken.jpg"), readFileSync(coffee).subarray(0, 5000));
  writeFileSync(join(folder, "empty.png"), "");
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("edgecap caption", () => {
  test("captions a real photo with the bundle that comes with edgecap", async () => {
    const { status, stdout, stderr } = await edgecap(["caption", join(examples, "astronaut.jpg")]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^[a-z' ]*\b(man|woman|person|people|girl|boy|child)\b[a-z' ]*\n$/);
  });

  test("--bundle transformers:FOLDER captions with a model of transformers.js", async () => {
    const model = join(folder, "model");
    writeTinyTransformers(model);
    const { status, stdout, stderr } = await edgecap(["caption", "--bundle", `transformers:${model}`, coffee]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^((a|dog|run|runs|running|man|on|grass|red) ?)+\n$/);
    const missing = await edgecap(["caption", "--bundle", `transformers:${join(folder, "photos")}`, coffee]);
    expect([missing.status, missing.stderr.includes("has no config.json")]).toEqual([1, true]);
  });

  test("--attention adds to each word of --json where the model looked for it", async () => {
    const { stdout } = await edgecap(["caption", "--json", "--attention", "--bundle", bundle, coffee]);
    for (const { attention } of JSON.parse(stdout).words) {
      expect(attention.length).toBe(49);
      expect(attention.reduce((sum: number, share: number) => sum + share, 0)).toBeCloseTo(1, 5);
    }
  });

  test("--top-k and --top-p limit the words that are drawn", async () => {
    const args = ["caption", "--bundle", bundle, "--temperature", "5", coffee];
    const greedy = await edgecap(["caption", "--bundle", bundle, "--beams", "1", coffee]);
    for (const bound of [
      ["--top-k", "1"],
      ["--top-p", "0.000001"],
    ]) {
      expect((await edgecap([...args, ...bound])).stdout).toBe(greedy.stdout);
    }
    expect((await edgecap(["caption", "--top-k", "3", "--bundle", bundle, coffee])).status).not.toBe(0);
  });

  test("--json prints one line per picture, in order, with an error instead of a caption", async () => {
    const files = [join(folder, "broken.jpg"), coffee, join(folder, "missing.jpg"), join(folder, "empty.png"), coffee];
    const args = ["caption", "--json", "--bundle", bundle, "--beams", "3", "--alternatives", "2", ...files];
    const { status, stdout } = await edgecap(args);
    expect(status).toBe(1);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.image)).toEqual(files);
    expect(lines.map((line) => line.error?.code)).toEqual([
      "image-truncated",
      undefined,
      "file-unreadable",
      "image-empty",
      undefined,
    ]);
    expect(Object.keys(lines[0])).toEqual(["image", "error"]);
    expect(Object.keys(lines[0].error)).toEqual(["code", "message"]);
    const [, good] = lines;
    expect(Object.keys(good)).toEqual([
      "image",
      "caption",
      "logProbability",
      "words",
      "alternatives",
      "concepts",
      "timing",
    ]);
    expect(Object.keys(good.timing)).toEqual(["imageMs", "encodeMs", "generateMs"]);
    expect(good.alternatives.length).toBe(2);
    expect(good.alternatives[0].logProbability).toBeLessThan(0);
    expect(good.words.map((word: { text: string }) => word.text).join(" ")).toContain(good.caption.split(" ")[0]);
    expect({ ...lines[4], timing: null }).toEqual({ ...good, timing: null });
  });

  test("names each picture if there are several, and puts errors on standard error", async () => {
    const { status, stdout, stderr } = await edgecap([
      "caption",
      "--bundle",
      bundle,
      coffee,
      join(folder, "empty.png"),
    ]);
    expect(status).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${coffee}: [a-z' ]+\n$`));
    expect(stderr).toBe(`${join(folder, "empty.png")}: error: The picture is empty: the file has no bytes.\n`);
  });

  test("reads - from standard input", async () => {
    const file = await edgecap(["caption", "--bundle", bundle, coffee]);
    const { status, stdout } = await edgecap(["caption", "--bundle", bundle, "-"], { stdin: readFileSync(coffee) });
    expect([status, stdout]).toEqual([0, file.stdout]);
  });

  test("takes folders with what is inside them, and patterns", async () => {
    const images = async (arg: string) => {
      const { stdout } = await edgecap(["caption", "--json", "--bundle", bundle, arg], { cwd: folder });
      return stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).image);
    };
    expect(await images("photos")).toEqual([join("photos", "b.jpg"), join("photos", "inner", "a.JPG")]);
    expect(await images("photos/*.jpg")).toEqual([join("photos", "b.jpg")]);
    expect(await images("photos/**/*.{jpg,JPG}")).toEqual([join("photos", "b.jpg"), join("photos", "inner", "a.JPG")]);
  });

  test("the same seed draws the same words, and --max-words cuts", async () => {
    const draw = (seed: string) =>
      edgecap(["caption", "--bundle", bundle, "--temperature", "2", "--seed", seed, "--max-words", "3", coffee]);
    const [first, again, ...others] = await Promise.all([draw("7"), draw("7"), draw("8"), draw("9"), draw("10")]);
    expect(again.stdout).toBe(first.stdout);
    expect(others.some(({ stdout }) => stdout !== first.stdout)).toBe(true);
    expect(first.stdout.trim().split(" ").length).toBeLessThanOrEqual(3);
  });

  test("wrong usage is status 2, and says what is wrong", async () => {
    const wrong: [string[], RegExp][] = [
      [["caption"], /missing required argument 'files'/],
      [["caption", "--beams", "0", coffee], /"0" is not a whole number from 1 to 64/],
      [["caption", "--beams", "five", coffee], /"five" is not a whole number/],
      [["caption", "--temperature", "hot", coffee], /"hot" is not a number from 0 to 100/],
      [["caption", "--beams", "2", "--temperature", "1", "--bundle", bundle, coffee], /beams is 2/],
      [["caption", "--nonsense", coffee], /unknown option '--nonsense'/],
      [["nonsense"], /unknown command 'nonsense'/],
    ];
    for (const [args, message] of wrong) {
      const { status, stdout, stderr } = await edgecap(args);
      expect([args, status, stdout]).toEqual([args, 2, ""]);
      expect(stderr).toMatch(message);
    }
  });

  test("a folder that is not a bundle is an error that names it", async () => {
    const { status, stderr } = await edgecap(["caption", "--bundle", join(folder, "photos"), coffee]);
    expect(status).toBe(1);
    expect(stderr).toContain(join(folder, "photos"));
    expect(stderr).not.toContain("    at ");
  });
});
