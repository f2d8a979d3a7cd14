import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import pc from "picocolors";
import { defaultBundle, loadBundle } from "../bundle/load_bundle.ts";
import { interruptSignal } from "./interrupt.ts";
import { wholeNumber } from "./option_values.ts";
import { type Progress, startProgress } from "./progress.ts";

interface TrainFlags {
  readonly images: string;
  readonly captions: string;
  readonly train?: string;
  readonly dev?: string;
  readonly out: string;
  readonly features?: string;
  readonly encoder?: string;
  readonly minimumCount: number;
  readonly epochs?: number;
  readonly selfCriticalEpochs?: number;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly threads: number;
  readonly backend: "auto" | "tensorflow" | "webgpu" | "wasm" | "cpu";
}

/** Adds `edgecap train`. */
export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("Train a decoder on photos and captions, and make a bundle of it.")
    .requiredOption("--images <dir>", "folder of the photos")
    .requiredOption("--captions <file>", "captions: Kaggle's captions.txt, Flickr8k.token.txt, or Karpathy's JSON")
    .requiredOption("--out <dir>", "folder of the run; its bundle is written to DIR/bundle")
    .addOption(new Option("--preset <p>", "decoder architecture").choices(["attention"]).default("attention"))
    .option("--train <file>", "list of training photos, one name a line (default: a random split by photo)")
    .option("--dev <file>", "list of dev photos")
    .option("--features <dir>", "feature cache, which runs can share (default: DIR/features)")
    .option("--encoder <file>", "encoder graph, int8 (default: that of the default bundle)")
    .option("--minimum-count <n>", "words seen less often are unknown", wholeNumber(1, 1e6), 5)
    .option("--epochs <n>", "passes over the training photos (default: the preset's)", wholeNumber(1, 10000))
    .option(
      "--self-critical-epochs <n>",
      "passes that learn from the model's own captions, after the others (default: the preset's)",
      wholeNumber(0, 10000),
    )
    .option("--seed <n>", "where the random numbers begin (default: the preset's)", wholeNumber(0, 2 ** 32 - 1))
    .option("--resume", "go on where a run in DIR was cut off")
    .option("--threads <n>", "threads that compute features", wholeNumber(1, 64), 2)
    .addOption(
      new Option("--backend <b>", "what executes tfjs")
        .choices(["auto", "tensorflow", "webgpu", "wasm", "cpu"])
        .default("auto"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  edgecap train --images Images --captions captions.txt --train trainImages.txt --dev devImages.txt --out runs/first",
    )
    .action(train);
}

async function train(flags: TrainFlags): Promise<void> {
  using interrupt = interruptSignal();
  // Training's weight stays out of the other verbs.
  const [{ startTensorflow }, { trainRun }, { attentionDefaults, totalEpochs, withEpochs }, { exportRun }] =
    await Promise.all([
      import("../training/tensorflow.ts"),
      import("../training/train_run.ts"),
      import("../training/attention_settings.ts"),
      import("../training/export_run.ts"),
    ]);
  const backend = await startTensorflow(flags.backend);
  const encoder =
    flags.encoder === undefined
      ? (await loadBundle(defaultBundle)).files.encoder
      : new Uint8Array(await readFile(flags.encoder));
  const settings = {
    ...withEpochs(attentionDefaults, flags),
    ...(flags.seed !== undefined && { seed: flags.seed }),
  };
  let progress: Progress | undefined;
  let loss = 0;
  const step = (unit: string) => (done: number, total: number, latest?: number) => {
    progress ??= startProgress(total, unit);
    loss = latest ?? loss;
    progress.update(done);
    if (done === total) {
      progress[Symbol.dispose]();
      progress = undefined;
    }
  };
  let unit = "photos";
  const run = await trainRun({
    images: flags.images,
    captions: flags.captions,
    ...(flags.train !== undefined && { trainList: flags.train }),
    ...(flags.dev !== undefined && { devList: flags.dev }),
    out: flags.out,
    features: flags.features ?? join(flags.out, "features"),
    encoder,
    minimumCount: flags.minimumCount,
    settings,
    resume: flags.resume === true,
    threads: flags.threads,
    onPhase: (phase, detail) => {
      unit = phase === "features" ? "photos" : "steps";
      say(phase, phase === "training" ? `${detail}, on ${backend}` : detail);
    },
    onProgress: (done, total, latest) => step(unit)(done, total, latest),
    onEpoch: ({ epoch, loss, reward, minutes, captionsPerSecond, score }) =>
      say(
        `epoch ${epoch}/${totalEpochs(settings)}`,
        `loss ${loss.toFixed(3)}${reward === undefined ? "" : `, reward ${reward.toFixed(3)}`}, dev CIDEr ${score.toFixed(3)} (greedy), ${minutes.toFixed(1)} min, ${captionsPerSecond.toFixed(0)} captions/s`,
      ),
    signal: interrupt.signal,
  });
  using cache = run.cache;
  const out = join(flags.out, "bundle");
  const { manifest, trials } = await exportRun({
    run: flags.out,
    out,
    encoder,
    encoderPrecision: "int8",
    cache,
    dev: run.dev,
    name: "edgecap-attention",
    version: "1",
    data: `${run.trainPhotos} photos of ${flags.captions}`,
    command: `edgecap train ${process.argv.slice(3).join(" ")}`,
    minimumCount: flags.minimumCount,
    licences: [],
    onProgress: step("dev photos"),
    signal: interrupt.signal,
  });
  for (const { generation, scores } of trials) {
    say(
      `${generation.beams} beam${generation.beams > 1 ? "s" : ""}, length penalty ${generation.lengthPenalty}`,
      `CIDEr ${scores.cider.toFixed(4)}, BLEU-4 ${scores.bleu4.toFixed(4)}, ROUGE-L ${scores.rougeL.toFixed(4)}`,
    );
  }
  say("bundle", `${out} (${manifest.generation.beams} beams)`);
}

function say(what: string, detail: string): void {
  process.stdout.write(`${pc.bold(what)}  ${detail}\n`);
}
