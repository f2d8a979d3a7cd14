import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../src/bundle/manifest.ts";
import type { EpochRecord } from "../../src/training/trainer.ts";
import { type TinyPhotos, tinyPhotos } from "../fixtures/tiny_photos.ts";
import { edgecap, inFolder, succeeded, trainArgs } from "./edgecap.ts";

function article(photos: TinyPhotos, more: readonly string[]): string[] {
  return ["--preset", "article", "--vectors", photos.vectors, ...more];
}

function lossesOf(run: string): number[] {
  return (JSON.parse(readFileSync(join(run, "epochs.json"), "utf8")) as EpochRecord[]).map(({ loss }) => loss);
}

/** Holds a run's report against what it must show; `data:` pictures and XML's own names aside it names no address. */
function checkReport(run: string, sections: readonly string[]): void {
  const html = readFileSync(join(run, "report.html"), "utf8");
  for (const section of sections) expect(html).toContain(section);
  const addresses = html
    .replaceAll(/xmlns(?::xlink)?="[^"]*"/g, "")
    .match(/(?:src|href)="(?!data:|#)[^"]*"|https?:[^"]*/g);
  expect(addresses).toBe(null);
  expect(readFileSync(join(run, "contact-sheet.svg"), "utf8").match(/<image /g)!.length).toBe(6);
}

describe("edgecap train", () => {
  test("makes a bundle of the attention preset that edgecap caption runs", () =>
    inFolder(async (folder) => {
      const photos = await tinyPhotos(folder, 8);
      const run = join(folder, "run");
      const trained = await edgecap(trainArgs(photos, run, ["--encoder", photos.encoder, "--epochs", "1"]));
      expect(succeeded(trained).stdout).toContain("epoch 1/1");
      checkReport(run, ["Curves", "Where the decoder looked", "To repeat it", "edgecap train --images"]);
      const captioned = await edgecap([
        "caption",
        "--json",
        "--bundle",
        join(run, "bundle"),
        join(photos.images, "photo-9.bmp"),
      ]);
      expect((JSON.parse(succeeded(captioned).stdout) as { words: unknown[] }).words.length).toBeGreaterThan(0);
      const again = await edgecap(trainArgs(photos, run, ["--encoder", photos.encoder, "--epochs", "1"]));
      expect(again.status).toBe(2);
      expect(again.stderr).toContain("--resume");
    }));

  test("makes a bundle of the article preset with its own extractor, and exports it smaller", () =>
    inFolder(async (folder) => {
      const photos = await tinyPhotos(folder, 12);
      const run = join(folder, "run");
      const more = article(photos, ["--encoder", "simple-cnn", "--epochs", "2"]);
      succeeded(await edgecap(trainArgs(photos, run, more)));
      checkReport(run, ["Curves", "Dev photos with their captions", "--preset article"]);
      const out = join(folder, "small");
      const exported = await edgecap(["export", run, "--out", out, "--decoder-precision", "int8", "--json"]);
      const { costs } = JSON.parse(succeeded(exported).stdout) as { costs: { part: string; cost: number }[] };
      expect(costs.map(({ part }) => part)).toEqual(["decoder"]);
      expect(Number.isFinite(costs[0]!.cost)).toBe(true);
      const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as Manifest;
      expect(manifest.decoder.precision).toBe("int8");
      expect(manifest.decoder.prefix).toBe(6);
      expect(manifest.encoder).toEqual({ precision: "fp32", size: 90, regions: 1444, features: 32 });
      const whole = JSON.parse(readFileSync(join(run, "bundle", "manifest.json"), "utf8")) as Manifest;
      expect(manifest.files.decoderInit.bytes).toBeLessThan(0.6 * whole.files.decoderInit.bytes);
      for (const bundle of [out, join(run, "bundle")]) {
        const photo = join(photos.images, "photo-13.bmp");
        const captioned = await edgecap(["caption", "--beams", "3", "--bundle", bundle, photo]);
        expect(succeeded(captioned).stdout.trim()).not.toBe("");
      }
    }));

  for (const preset of ["attention", "article"] as const) {
    test(`${preset}: killed and resumed it ends where an uninterrupted run ends`, () =>
      inFolder(async (folder) => {
        const photos = await tinyPhotos(folder, preset === "article" ? 70 : 8);
        const epochs = preset === "article" ? 6 : 2;
        const chosen = ["--encoder", photos.encoder, "--epochs", String(epochs)];
        const more = preset === "article" ? article(photos, chosen) : chosen;
        const whole = join(folder, "whole");
        const broken = join(folder, "broken");
        succeeded(await edgecap(trainArgs(photos, whole, more)));
        // A moment after an epoch was done, the next is under way.
        const killed = await edgecap(trainArgs(photos, broken, more), (stdout, child) => {
          if (stdout.includes("epoch 1/")) setTimeout(() => child.kill("SIGKILL"), 30);
        });
        expect(killed.status).toBe(null);
        expect(existsSync(join(broken, "bundle"))).toBe(false);
        const resumed = await edgecap(trainArgs(photos, broken, [...more, "--resume"]));
        expect(succeeded(resumed).stdout).not.toContain("epoch 1/");
        const losses = lossesOf(broken);
        expect(losses.length).toBe(epochs);
        for (const [epoch, loss] of lossesOf(whole).entries())
          expect(Math.abs(loss - losses[epoch]!)).toBeLessThan(1e-4);
        expect((await readdir(broken)).filter((name) => name.endsWith(".partial"))).toEqual([]);
      }));
  }
});
