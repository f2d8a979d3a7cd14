import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../files/atomic_write.ts";
import type { FeatureCache } from "../encoder/feature_cache.ts";
import type { DevPhoto, GenerationTrial } from "../run/choose_generation.ts";
import type { EpochRecord } from "../run/epochs.ts";
import { readRunDescription } from "../run/run_description.ts";
import { attentionMap } from "./attention_map.ts";
import { contactSheet } from "./contact_sheet.ts";
import { trainingCurves } from "./curves.ts";
import { escaped } from "./photo_data.ts";
import { captionSamples } from "./sample_captions.ts";

/** Number of photos on the contact sheet, and of those whose attention is shown. */
const sheetPhotos = 12;
const mappedPhotos = 4;

/** Options of {@linkcode writeRunReport}. */
export interface RunReportOptions {
  /** Folder of the run. */
  readonly run: string;
  /** Folder of its bundle. */
  readonly bundle: string;
  readonly cache: FeatureCache;
  readonly dev: readonly DevPhoto[];
  /** Ways to generate that were tried on the dev photos. */
  readonly trials: readonly GenerationTrial[];
  readonly signal?: AbortSignal;
}

/**
 * Writes the report of a run, `report.html`, one file that opens without a server, and the contact sheet,
 * `contact-sheet.svg`, next to it. The report has curves of loss and score, scores of the bundle, dev photos with their
 * captions, where the decoder looked for each word, the settings, and the command that repeats the run.
 *
 * @returns Path of the report.
 * @throws {EdgecapError} `file-unreadable`, `file-unwritable`, `bundle-*` or `aborted`.
 */
export async function writeRunReport(options: RunReportOptions): Promise<string> {
  const { run, dev } = options;
  const description = await readRunDescription(run);
  const records = JSON.parse(await readFile(join(run, "epochs.json"), "utf8")) as EpochRecord[];
  const spread = Math.max(1, Math.floor(dev.length / sheetPhotos));
  const shown = dev.filter((_, place) => place % spread === 0).slice(0, sheetPhotos);
  const samples = await captionSamples({
    bundle: options.bundle,
    images: description.images,
    names: shown.map(({ image }) => image),
    cache: options.cache,
    ...(options.signal && { signal: options.signal }),
  });
  const sheet = contactSheet(samples);
  await writeAtomically(join(run, "contact-sheet.svg"), sheet);
  const maps = samples
    .slice(0, mappedPhotos)
    .filter(({ words }) => words.length > 0)
    .map(({ data, words }, place) => attentionMap(`photo-${place}`, data, words));
  const parts = [
    `<h2>Curves</h2><div class="row">${(await trainingCurves(records)).join("")}</div>`,
    `<h2>Scores on ${dev.length} dev photos</h2>${scoreTable(options.trials)}`,
    `<h2>Dev photos with their captions</h2>${sheet}`,
    maps.length > 0
      ? `<h2>Where the decoder looked, word by word</h2>${maps.map((map) => `<div class="wide">${map}</div>`).join("")}`
      : "",
    `<h2>Epochs</h2>${epochTable(records)}`,
    `<h2>Settings</h2><pre>${escaped(JSON.stringify(description, null, 2))}</pre>`,
    `<h2>To repeat it</h2><pre>${escaped(description.command)}</pre>`,
  ];
  const path = join(run, "report.html");
  await writeAtomically(path, page(`edgecap: training of ${description.preset}`, parts.join("\n")));
  return path;
}

function scoreTable(trials: readonly GenerationTrial[]): string {
  const figure = (value: number) => (100 * value).toFixed(1);
  const rows = trials.map(({ generation, scores }) => [
    String(generation.beams),
    String(generation.lengthPenalty),
    ...[scores.cider, scores.bleu1, scores.bleu2, scores.bleu3, scores.bleu4, scores.rougeL].map(figure),
  ]);
  return table(["beams", "length penalty", "CIDEr", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L"], rows);
}

function epochTable(records: readonly EpochRecord[]): string {
  const rows = records.map(({ epoch, loss, score, minutes, captionsPerSecond }) => [
    String(epoch),
    loss.toFixed(3),
    score.toFixed(3),
    minutes.toFixed(1),
    captionsPerSecond.toFixed(0),
  ]);
  return table(["epoch", "loss", "dev CIDEr", "minutes", "captions/s"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${line(head, "th")}${rows.map((row) => line(row, "td")).join("")}</table>`;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
svg { max-width: 100%; height: auto }
.row { display: flex; flex-wrap: wrap; gap: 1em }
.wide { overflow-x: auto; margin-bottom: 1em }
.wide svg { max-width: none }
table { border-collapse: collapse }
th, td { padding: .2em .8em; text-align: right; border-bottom: 1px solid #ddd }
pre { background: #f5f5f5; padding: 1em; overflow-x: auto; white-space: pre-wrap }
</style>
<h1>${escaped(title)}</h1>
${body}
</html>
`;
}
