import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawNonScenes } from "../../scripts/model/nonscenes/draw_nonscenes.ts";
import { type Caption, load } from "../../src/mod.ts";
import { sureBundleFiles } from "../fixtures/sure_bundle.ts";

const script = fileURLToPath(new URL("../../scripts/model/fit_confidence.ts", import.meta.url));

describe("scripts/model/fit_confidence.ts", () => {
  let folder: string;
  let before: string;
  const captions = new Map<string, Caption>();
  const inFolder = (name: string) => join(folder, name);
  const manifest = () => readFileSync(inFolder("bundle/manifest.json"), "utf8");

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "edgecap-fit-"));
    for (const name of ["bundle", "images"]) mkdirSync(inFolder(name));
    for (const [name, bytes] of await sureBundleFiles({ concepts: { dog: 0.9, man: 0.3, grass: 0.6 } }))
      writeFileSync(inFolder(`bundle/${name}`), bytes);
    before = manifest();
    await using captioner = await load({ bundle: inFolder("bundle"), backend: "wasm" });
    for (const { name, png } of drawNonScenes({ variants: "judged", seed: 7 })) {
      writeFileSync(inFolder(`images/${name}`), png);
      captions.set(name, await captioner.caption(png));
    }
    // The captions of every other pair are right.
    const lines = [...captions].flatMap(([name, { caption }], place) => {
      const people = (place >> 1) % 2 === 0 ? [`${caption} .`, `${caption} .`] : ["a zebra .", "zebras ."];
      return people.map((sentence) => `${name},${sentence}`);
    });
    writeFileSync(inFolder("captions.txt"), `image,caption\n${lines.join("\n")}\n`);
    writeFileSync(inFolder("list.txt"), `${[...captions.keys()].join("\n")}\n`);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const fit = () =>
    spawnSync(
      process.execPath,
      [
        script,
        ...["--bundle", inFolder("bundle"), "--images", inFolder("images"), "--captions", inFolder("captions.txt")],
        ...["--list", inFolder("list.txt"), "--cache", inFolder("cache.jsonl"), "--backend", "wasm"],
      ],
      { encoding: "utf8" },
    );

  test("writes a fit that the library then gives, and leaves the rest of the manifest", async () => {
    const { status, stdout, stderr } = fit();
    expect([status, stderr.includes("Error")]).toEqual([0, false]);
    expect(stdout).toContain("| photos | how many | right | calibration error | by chance alone | AUC |");
    expect(stdout).toMatch(/Of 60 pictures without a scene, \d+ % are below 0\.5\./);
    const { confidence, ...others } = JSON.parse(manifest());
    expect(others).toEqual(JSON.parse(before));
    expect(confidence.features).toContain("meanLogProbability");
    await using captioner = await load({ bundle: inFolder("bundle"), backend: "wasm" });
    const lines = readFileSync(inFolder("cache.jsonl"), "utf8").trimEnd().split("\n");
    for (const [name, { caption }] of [...captions].slice(0, 5)) {
      const found = await captioner.caption(readFileSync(inFolder(`images/${name}`)));
      const { features, mean, scale, weights, bias } = confidence;
      const { evidence } = lines.map((line) => JSON.parse(line)).find(({ key }) => key.endsWith(`list.txt/${name}`));
      const sum = features.reduce(
        (total: number, feature: string, i: number) => total + (weights[i] * (evidence[feature] - mean[i])) / scale[i],
        bias,
      );
      expect(found.caption).toBe(caption);
      expect(found.confidence).toBeCloseTo(1 / (1 + Math.exp(-sum)), 4);
    }
    expect(lines.length).toBe(180);
  });

  test("resumes from its file, ignores half a line, and gets the same result", () => {
    const first = manifest();
    const lines = readFileSync(inFolder("cache.jsonl"), "utf8").split("\n");
    writeFileSync(inFolder("cache.jsonl"), `${lines.slice(0, 150).join("\n")}\n`);
    appendFileSync(inFolder("cache.jsonl"), lines[150]!.slice(0, 40));
    expect(fit().status).toBe(0);
    expect(JSON.parse(manifest())).toEqual(JSON.parse(first));
    const whole = readFileSync(inFolder("cache.jsonl"), "utf8").trimEnd().split("\n");
    expect(whole.slice(151).every((line) => line.endsWith("}}"))).toBe(true);
    expect(whole.length).toBe(181);
  });

  test("refuses lists that do not belong together", () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [script, ...["--bundle", inFolder("bundle"), "--images", inFolder("images"), "--list", inFolder("list.txt")]],
      { encoding: "utf8" },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain("the same number of times");
  });
});
