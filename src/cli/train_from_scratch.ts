import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { EdgecapError } from "../errors.ts";
import { phaseProgress } from "./progress.ts";
import { reportLine } from "./report_line.ts";
import { runReports } from "./run_reports.ts";
import type { TrainFromFlags } from "./train_from.ts";

/** Flags of `edgecap train`. */
export interface TrainFlags extends Omit<TrainFromFlags, "from"> {
  readonly from?: string;
  readonly preset: "attention" | "article";
  readonly encoder?: string;
}

/**
 * Trains a decoder from random weights, makes a bundle from it, and writes a report.
 *
 * @param command The command that was typed, for the bundle's manifest and the report.
 */
export async function trainFromScratch(flags: TrainFlags, command: string, signal: AbortSignal): Promise<void> {
  const one = onlyOne(flags);
  // Imported only here: the other verbs should not load what training needs.
  const [{ startTensorflow }, { trainRun }, { exportRun }, { openEncoder, encoderLicences }, description, report] =
    await Promise.all([
      import("../training/tensorflow.ts"),
      import("../training/run/train_run.ts"),
      import("../training/run/export_run.ts"),
      import("../training/encoder/open_encoder.ts"),
      import("../training/run/run_description.ts"),
      import("../training/report/run_report.ts"),
    ]);
  const { preset, epochs } = await presetOf(flags);
  const { seed } = preset.settings;
  const backend = await startTensorflow(flags.backend);
  const size = flags.preset === "article" ? 90 : 224;
  const encoderName = flags.encoder ?? (flags.preset === "article" ? "resnet50" : "default");
  const encoder = await openEncoder({ name: encoderName, size, seed, signal });
  const minimumCount = flags.minimumCount ?? (flags.preset === "article" ? 10 : 5);
  // Absolute paths, so that the run can be exported from any folder.
  const features = resolve(flags.features ?? join(flags.out, "features"));
  const source = {
    images: resolve(one.images),
    captions: resolve(one.captions),
    ...(one.train !== undefined && { trainList: resolve(one.train) }),
    ...(one.dev !== undefined && { devList: resolve(one.dev) }),
    ...(flags.vectors !== undefined && { vectors: flags.vectors }),
    ...(flags.patience > 0 && { patience: flags.patience }),
    features,
    minimumCount,
  };
  const run = await trainRun({
    ...source,
    ...preset,
    out: flags.out,
    encoder: encoder.graph,
    resume: flags.resume === true,
    threads: flags.threads,
    onData: () =>
      description.writeRunDescription(flags.out, {
        ...source,
        preset: flags.preset,
        settings: preset.settings,
        encoder: {
          name: existsSync(encoderName) ? resolve(encoderName) : encoderName,
          precision: encoder.precision,
        },
        command,
      }),
    ...(await runReports(backend)),
    onEpoch: ({ epoch, loss, reward, minutes, captionsPerSecond, score }) => {
      const left = minutes * (epochs - epoch);
      reportLine(
        `epoch ${epoch}/${epochs}`,
        `loss ${loss.toFixed(3)}${reward === undefined ? "" : `, reward ${reward.toFixed(3)}`}, dev CIDEr ${score.toFixed(3)} (greedy), ${minutes.toFixed(1)} min, ${captionsPerSecond.toFixed(0)} captions/s, ${left.toFixed(0)} min left at most`,
      );
    },
    signal,
  });
  using cache = run.cache;
  if (run.records.length < epochs) {
    reportLine("stopped", `the dev score has not improved for ${flags.patience} epochs`);
  }
  const out = join(flags.out, "bundle");
  const { manifest, trials } = await exportRun({
    run: flags.out,
    out,
    encoder: encoder.graph,
    encoderPrecision: encoder.precision,
    cache,
    dev: run.dev,
    train: { photos: run.train, cache },
    name: `edgecap-${flags.preset}`,
    version: "1",
    data: `${run.train.length} photos of ${basename(one.captions)}`,
    command,
    minimumCount,
    licences: await encoderLicences(encoderName),
    onProgress: phaseProgress("dev photos"),
    signal,
  });
  for (const { generation, scores } of trials) {
    reportLine(
      `${generation.beams} beam${generation.beams > 1 ? "s" : ""}, length penalty ${generation.lengthPenalty}`,
      `CIDEr ${scores.cider.toFixed(4)}, BLEU-4 ${scores.bleu4.toFixed(4)}, ROUGE-L ${scores.rougeL.toFixed(4)}`,
    );
  }
  reportLine("bundle", `${out} (${manifest.generation.beams} beams)`);
  reportLine(
    "report",
    await report.writeRunReport({ run: flags.out, bundle: out, cache, dev: run.dev, trials, signal }),
  );
}

/** The single collection of a run from scratch. */
function onlyOne({ images, captions, train = [], dev = [], share, texts }: TrainFlags) {
  if (share !== undefined || texts !== undefined) {
    throw new EdgecapError(
      "option-invalid",
      "--share and --texts need --from: a run from scratch reads one collection.",
    );
  }
  if ([images, captions, train, dev].some((values) => values.length > 1)) {
    throw new EdgecapError(
      "option-invalid",
      "Give --images, --captions, --train and --dev once each; only --from takes several collections.",
    );
  }
  return { images: images[0]!, captions: captions[0]!, train: train[0], dev: dev[0] };
}

/** The chosen preset with its settings as changed by the flags, and the total number of epochs. */
async function presetOf(flags: TrainFlags) {
  const seed = flags.seed === undefined ? {} : { seed: flags.seed };
  if (flags.preset === "article") {
    const { articleDefaults } = await import("../training/article/train_article.ts");
    const settings = { ...articleDefaults, ...(flags.epochs !== undefined && { epochs: flags.epochs }), ...seed };
    return { preset: { preset: "article" as const, settings }, epochs: settings.epochs };
  }
  const { attentionDefaults, totalEpochs, withEpochs } = await import("../training/attention/settings.ts");
  const settings = { ...withEpochs(attentionDefaults, flags), ...seed };
  return { preset: { preset: "attention" as const, settings }, epochs: totalEpochs(settings) };
}
