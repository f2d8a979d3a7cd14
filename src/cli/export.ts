import { basename } from "node:path";
import { type Command, Option } from "commander";
import { interruptSignal } from "./interrupt.ts";
import { wholeNumber } from "./option_values.ts";
import { phaseProgress } from "./progress.ts";
import { reportLine } from "./report_line.ts";

type Precision = "fp32" | "fp16" | "int8";

interface ExportFlags {
  readonly out: string;
  readonly encoderPrecision?: Precision;
  readonly decoderPrecision: Precision;
  readonly name?: string;
  readonly threads: number;
  readonly json?: boolean;
}

const precisions = ["fp32", "fp16", "int8"];

/** Adds `edgecap export`. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description("Make a bundle from a training run, and report what its precision costs in CIDEr on the dev photos.")
    .argument("<run>", "folder of the run")
    .requiredOption("--out <dir>", "folder of the bundle")
    .addOption(
      new Option("--encoder-precision <p>", "how to store the encoder (default: as in training)").choices(precisions),
    )
    .addOption(new Option("--decoder-precision <p>", "how to store the decoder").choices(precisions).default("fp16"))
    .option("--name <name>", "name in the bundle's manifest (default: edgecap-PRESET)")
    .option("--threads <n>", "number of threads that compute features", wholeNumber(1, 64), 2)
    .option("--json", "print one line of JSON")
    .addHelpText(
      "after",
      `
The default bundle's encoder exists only in int8. To measure what 8 bits cost, train with --encoder resnet50 in a checkout.

Example:
  edgecap export runs/first --out bundles/first --encoder-precision int8 --decoder-precision int8`,
    )
    .action(runExport);
}

async function runExport(run: string, flags: ExportFlags): Promise<void> {
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  const [
    { readRunDescription },
    { readRunData },
    encoders,
    { devFeatures, trainFeatures },
    { exportRun },
    costing,
    tensorflow,
    text,
  ] = await Promise.all([
    import("../training/run/run_description.ts"),
    import("../training/run/run_data.ts"),
    import("../training/encoder/open_encoder.ts"),
    import("../training/run/run_features.ts"),
    import("../training/run/export_run.ts"),
    import("../training/run/precision_cost.ts"),
    import("../training/tensorflow.ts"),
    import("../text/text_module.ts"),
  ]);
  const description = await readRunDescription(run);
  const { seed } = description.settings;
  await text.textModule();
  await tensorflow.startTensorflow("auto");
  const data = await readRunData({ ...description, seed });
  const { name } = description.encoder;
  const encoder = await encoders.openEncoder({
    name,
    size: description.preset === "article" ? 90 : 224,
    precision: flags.encoderPrecision ?? description.encoder.precision,
    seed,
    signal,
  });
  const onProgress = phaseProgress("dev photos");
  const features = { run, description, images: data.dev.map(({ image }) => image), threads: flags.threads, signal };
  using cache = await devFeatures({ ...features, encoder, onProgress });
  using trainCache = trainFeatures(
    description,
    data.train.map(({ image }) => image),
  );
  const { manifest, datastore } = await exportRun({
    run,
    out: flags.out,
    encoder: encoder.graph,
    encoderPrecision: encoder.precision,
    decoderPrecision: flags.decoderPrecision,
    cache,
    dev: data.dev,
    train: trainCache && { photos: data.train, cache: trainCache },
    name: flags.name ?? `edgecap-${description.preset}`,
    version: "1",
    data: `${data.train.length} photos of ${basename(description.captions)}`,
    command: description.command,
    minimumCount: description.minimumCount,
    licences: await encoders.encoderLicences(name),
    onProgress,
    signal,
  });
  const whole = await costing.wholeForm(name, encoder, seed);
  using wholeCache = whole === undefined ? undefined : await devFeatures({ ...features, encoder: whole, onProgress });
  const costs = await costing.precisionCosts({
    run,
    encoder,
    ...(whole && wholeCache && { wholeEncoder: { encoder: whole, cache: wholeCache } }),
    decoderPrecision: flags.decoderPrecision,
    cache,
    dev: data.dev,
    generation: manifest.generation,
    datastore,
    cider: manifest.provenance.scores.cider,
    onProgress,
    signal,
  });
  const { generation, provenance } = manifest;
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ out: flags.out, generation, scores: provenance.scores, costs })}\n`);
    return;
  }
  reportLine("bundle", `${flags.out}: ${generation.beams} beams, dev CIDEr ${provenance.scores.cider.toFixed(4)}`);
  for (const cost of costs) reportLine(`${cost.part} ${cost.precision}`, costing.costLine(cost));
  if (encoder.precision !== "fp32" && whole === undefined) {
    reportLine(
      `encoder ${encoder.precision}`,
      "its cost is unknown, because this encoder does not exist in float32; a run with --encoder resnet50 can tell",
    );
  }
}
