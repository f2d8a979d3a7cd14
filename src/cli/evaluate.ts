import { join } from "node:path";
import type { Command } from "commander";
import { findMention } from "../dataset/find_mention.ts";
import { EdgecapError, faultOf } from "../errors.ts";
import type { Scores, TextItem } from "../evaluation/mod.ts";
import { loadEngine } from "../mod.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { backendOption } from "./backend_option.ts";
import { bundleFlag } from "./bundle_flag.ts";
import { readImage } from "./image_files.ts";
import { interruptSignal } from "./interrupt.ts";
import { wholeNumber } from "./option_values.ts";
import { startProgress } from "./progress.ts";

interface EvaluateFlags {
  readonly captions: string;
  readonly images?: string;
  readonly hypotheses?: string;
  readonly list?: string;
  readonly beams?: number;
  readonly bundle?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

/** Adds `edgecap evaluate`. */
export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description(
      "Score captions against captions written by people, with BLEU, ROUGE-L and CIDEr, as the COCO caption code does.",
    )
    .requiredOption(
      "--captions <file>",
      "captions written by people: Kaggle's captions.txt, Flickr8k.token.txt or Karpathy's JSON",
    )
    .option("--images <dir>", "folder of the pictures to caption and score")
    .option("--hypotheses <file>", 'score these captions: lines of "edgecap caption --json", or image<TAB>caption')
    .option("--list <file>", "score only these images, one name per line")
    .option("--beams <n>", "width of the beam search; 1 is greedy (default: the bundle's)", wholeNumber(1, 64))
    .option(...bundleFlag)
    .addOption(backendOption())
    .option("--json", "print one line of JSON, with scores from 0 to 1 and CIDEr from 0 to 10")
    .addHelpText(
      "after",
      `
Without --json the scores are multiplied by 100, as in papers.

Examples:
  edgecap evaluate --captions captions.txt --images Images --list devImages.txt
  edgecap caption --json Images > captions.jsonl
  edgecap evaluate --captions captions.txt --hypotheses captions.jsonl`,
    )
    .action(runEvaluate);
}

async function runEvaluate(flags: EvaluateFlags): Promise<void> {
  checkFlags(flags);
  // Other verbs start faster without these.
  const [{ readCaptions }, { readSplitList }, { evaluateText }] = await Promise.all([
    import("../dataset/captions_file.ts"),
    import("../dataset/split_list.ts"),
    import("../evaluation/mod.ts"),
  ]);
  const { captions, dropped } = await readCaptions(flags.captions);
  if (dropped > 0) process.stderr.write(`Skipped ${dropped} rows of "${flags.captions}" that have no caption.\n`);
  const listed = flags.list === undefined ? undefined : await readSplitList(flags.list, captions);
  const hypotheses =
    flags.hypotheses === undefined
      ? await captionImages(listed ?? [...captions.keys()], flags)
      : await readyHypotheses(flags.hypotheses, listed);
  const items: TextItem[] = [];
  for (const [id, hypothesis] of hypotheses) {
    const references = captions.get(id);
    if (references === undefined) {
      const message = `"${flags.hypotheses}" captions "${id}", which is not in "${flags.captions}". Remove the line, or give --list.`;
      throw new EdgecapError("data-invalid", message);
    }
    items.push({ id, hypothesis, references });
  }
  const scores = evaluateText(items);
  process.stdout.write(flags.json === true ? `${JSON.stringify(scores)}\n` : table(scores));
}

function checkFlags({ images, hypotheses, beams, bundle }: EvaluateFlags): void {
  if ((images === undefined) === (hypotheses === undefined)) {
    const given = images === undefined ? "neither is given" : "both are given";
    throw new EdgecapError("option-invalid", `Give one of --images and --hypotheses: ${given}.`);
  }
  if (hypotheses !== undefined && (beams !== undefined || bundle !== undefined)) {
    const name = beams === undefined ? "--bundle" : "--beams";
    throw new EdgecapError(
      "option-invalid",
      `${name} has no effect with --hypotheses, whose captions already exist. Leave it out.`,
    );
  }
}

/** Captions from a file, one for each listed image; without a list, all of them. */
async function readyHypotheses(file: string, listed: readonly string[] | undefined): Promise<Map<string, string>> {
  const { readHypotheses } = await import("../dataset/hypotheses_file.ts");
  const { captions, failed } = await readHypotheses(file);
  const wanted = listed ?? [...captions.keys(), ...failed];
  const chosen = new Map<string, string>();
  for (const image of wanted) {
    const caption = captions.get(image);
    if (caption === undefined) {
      const why = failed.includes(image) ? "an error instead of a caption" : "no caption";
      const message = `"${file}" has ${why} for "${image}". Every image needs a caption: add it, or list the other images with --list.`;
      throw new EdgecapError("data-invalid", message);
    }
    chosen.set(image, caption);
  }
  return chosen;
}

async function captionImages(images: readonly string[], flags: EvaluateFlags): Promise<Map<string, string>> {
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  await using captioner = await loadEngine({ bundle: flags.bundle, backend: flags.backend, signal });
  using progress = startProgress(images.length, "pictures");
  const options = { signal, ...(flags.beams !== undefined && { beams: flags.beams }) };
  const captions = new Map<string, string>();
  for (const image of images) {
    const path = join(flags.images!, image);
    try {
      captions.set(image, (await captioner.caption(await readImage(path), options)).caption);
    } catch (error) {
      if (!(error instanceof EdgecapError) || faultOf(error.code) !== "picture") throw error;
      const where = await findMention(
        image,
        [flags.list, flags.captions].filter((file) => file !== undefined),
      );
      const named = where === undefined ? "" : `, named by ${where}`;
      throw new EdgecapError(error.code, `Cannot caption "${path}"${named}: ${error.message}`, { cause: error });
    }
    progress.update(captions.size);
  }
  return captions;
}

function table(scores: Scores): string {
  const rows: [string, string][] = [
    ["images", String(scores.images)],
    ["BLEU-1", percent(scores.bleu1)],
    ["BLEU-2", percent(scores.bleu2)],
    ["BLEU-3", percent(scores.bleu3)],
    ["BLEU-4", percent(scores.bleu4)],
    ["ROUGE-L", percent(scores.rougeL)],
    ["CIDEr", percent(scores.cider)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(8)}${value.padStart(7)}\n`).join("");
}

function percent(score: number): string {
  return (score * 100).toFixed(1);
}
