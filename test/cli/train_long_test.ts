import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../src/bundle/manifest.ts";
import type { EpochRecord } from "../../src/training/run/epochs.ts";
import { tinyPhotos } from "../fixtures/tiny_photos.ts";
import { edgecap, inFolder, succeeded, trainArgs } from "./edgecap.ts";

function recordsOf(run: string): EpochRecord[] {
  return JSON.parse(readFileSync(join(run, "epochs.json"), "utf8")) as EpochRecord[];
}

function lossesOf(run: string): number[] {
  return recordsOf(run).map(({ loss }) => loss);
}

/**
 * At first, the loss per word is that of guessing from the vocabulary, so a loss near 0 is wrong on any backend. The
 * loss of a self-critical epoch is not per word.
 */
function checkLosses(run: string): void {
  const written = recordsOf(run).filter(({ reward }) => reward === undefined);
  expect(written.length).toBeGreaterThan(0);
  for (const { loss } of written) expect(loss).toBeGreaterThan(0.5);
}

/** Checks the content of a run's report. It names no address except `data:` pictures and the names of XML. */
function checkReport(run: string, sections: readonly string[]): void {
  const html = readFileSync(join(run, "report.html"), "utf8");
  for (const section of sections) expect(html).toContain(section);
  const addresses = html
    .replaceAll(/xmlns(?::xlink)?="[^"]*"/g, "")
    .match(/(?:src|href)="(?!data:|#)[^"]*"|https?:[^"]*/g);
  expect(addresses).toBe(null);
  expect(readFileSync(join(run, "contact-sheet.svg"), "utf8").match(/<image /g)!.length).toBe(6);
}

/** Kills a run during its second epoch, resumes it, and compares the losses. */
async function checkKilled(args: (out: string) => string[], whole: string, broken: string): Promise<void> {
  const killed = await edgecap(args(broken), {
    watch: (stdout, child) => {
      if (stdout.includes("epoch 1/")) setTimeout(() => child.kill("SIGKILL"), 30);
    },
  });
  expect(killed.status).toBe(null);
  expect(existsSync(join(broken, "bundle"))).toBe(false);
  const resumed = await edgecap([...args(broken), "--resume"]);
  expect(succeeded(resumed).stdout).not.toContain("epoch 1/");
  const [losses, expected] = [lossesOf(broken), lossesOf(whole)];
  expect(losses.length).toBe(expected.length);
  for (const [epoch, loss] of expected.entries()) expect(Math.abs(loss - losses[epoch]!)).toBeLessThan(1e-4);
  expect((await readdir(broken)).filter((name) => name.endsWith(".partial"))).toEqual([]);
}

/** The caption that `edgecap caption` prints for a photo. */
async function captionOf(bundle: string, photo: string): Promise<string> {
  return succeeded(await edgecap(["caption", "--beams", "3", "--bundle", bundle, photo])).stdout.trim();
}

describe("edgecap train", () => {
  test("makes a bundle and a report of the attention preset, killed or not", () =>
    inFolder(async (folder) => {
      const photos = await tinyPhotos(folder, 8);
      const more = ["--encoder", photos.encoder, "--epochs", "1", "--self-critical-epochs", "1"];
      const features = join(folder, "features");
      const args = (out: string) => trainArgs(photos, out, [...more, "--features", features]);
      const run = join(folder, "run");
      expect(succeeded(await edgecap(args(run))).stdout).toContain("epoch 2/2");
      checkLosses(run);
      checkReport(run, ["Curves", "Where the decoder looked", "To repeat it", "edgecap train --images"]);
      expect(await captionOf(join(run, "bundle"), join(photos.images, "photo-9.bmp"))).not.toBe("");
      const again = await edgecap(args(run));
      expect(again.status).toBe(2);
      expect(again.stderr).toContain("--resume");
      await checkKilled(args, run, join(folder, "broken"));
    }));

  test("continues training a bundle, with words that it lacked, and says how long that takes", () =>
    inFolder(async (folder) => {
      const photos = await tinyPhotos(folder, 8);
      const first = join(folder, "first");
      const more = ["--encoder", photos.encoder, "--epochs", "1", "--self-critical-epochs", "0"];
      succeeded(await edgecap(trainArgs(photos, first, more)));
      const captions = join(folder, "more.csv");
      const rows = Array.from({ length: 12 }, (_, i) => `photo-${i}.bmp,A tiny picture of an orchard .`);
      writeFileSync(captions, `image,caption\n${rows.join("\n")}\n`);
      const texts = join(folder, "texts.csv");
      writeFileSync(texts, `image,caption\n${"none.jpg,a picture of a harbour\n".repeat(6)}`);
      const out = join(folder, "second");
      const from = ["train", "--from", join(first, "bundle"), "--images", photos.images, "--captions", captions];
      const tuned = succeeded(await edgecap([...from, "--texts", texts, "--epochs", "3", "--out", out]));
      expect(tuned.stdout).toMatch(/estimate .* GFLOP\/s here: about [\d.]+ s per step, \d+ minutes in total/);
      expect(tuned.stdout).toContain("epoch 3");
      const words = (run: string) =>
        readFileSync(join(run, "bundle", "vocabulary.txt"), "utf8")
          .trimEnd()
          .split("\n");
      const [before, after] = [words(first), words(out)];
      expect(after.slice(0, before.length)).toEqual(before);
      for (const word of ["orchard", "harbour"]) expect(after.slice(before.length)).toContain(word);
      const { provenance } = JSON.parse(readFileSync(join(out, "bundle", "manifest.json"), "utf8")) as Manifest;
      expect(provenance.epochs).toBeGreaterThan(1);
      expect(await captionOf(join(out, "bundle"), join(photos.images, "photo-9.bmp"))).not.toBe("");

      const twice = [...from, "--images", photos.images, "--out", join(folder, "third")];
      const refused = await edgecap(twice);
      expect(refused.status).toBe(2);
      expect(refused.stderr).toContain("--captions is given 1 times and --images 2 times");
    }));

  test("makes a bundle of the article preset with its own extractor, killed or not, and exports it smaller", () =>
    inFolder(async (folder) => {
      const photos = await tinyPhotos(folder, 70);
      const more = ["--encoder", "simple-cnn", "--epochs", "6", "--features", join(folder, "features")];
      const args = (out: string) =>
        trainArgs(photos, out, ["--preset", "article", "--vectors", photos.vectors, ...more]);
      const run = join(folder, "run");
      succeeded(await edgecap(args(run)));
      checkLosses(run);
      checkReport(run, ["Curves", "Dev photos with their captions", "--preset article"]);
      await checkKilled(args, run, join(folder, "broken"));

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
        expect(await captionOf(bundle, join(photos.images, "photo-13.bmp"))).not.toBe("");
      }
    }));
});
