/**
 * Continues training a bundle's decoder on a wider world: fits the concepts of photos, then trains on the photos of
 * both worlds and on captions without photos, and exports. scripts/model/train.ts calls it last; alone, it continues
 * from a bundle:
 *
 * usage: bun scripts/model/train_world.ts --from BUNDLE --images DIR --captions FILE --train LIST --dev LIST
 *        --world-images DIR --world-captions FILE --world-train LIST --world-dev LIST
 *        [--texts FILE] [--uncaptioned DIR] [--run .cache/world] [--out models/default]
 *
 * After an interruption, run the same command to continue.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultBundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { interruptSignal } from "../../src/cli/interrupt.ts";
import { EdgecapError } from "../../src/errors.ts";
import { textModule } from "../../src/text/text_module.ts";
import { vocabularyWords } from "../../src/text/vocabulary_words.ts";
import { worldDefaults } from "../../src/training/attention/settings.ts";
import { readEncoder } from "../../src/training/encoder/encoder_graph.ts";
import { photoFeatures } from "../../src/training/encoder/photo_features.ts";
import { JoinedCaches, type NamedCache } from "../../src/training/encoder/photo_grids.ts";
import { bundleWeights } from "../../src/training/run/bundle_weights.ts";
import { exportRun } from "../../src/training/run/export_run.ts";
import { type PhotoCollection, readCollections } from "../../src/training/run/run_collections.ts";
import { collectionFeatures, type MixedConcepts, trainMixed } from "../../src/training/run/train_mixed.ts";
import { startTensorflow } from "../../src/training/tensorflow.ts";
import { assertWordVectors, vectorsPackage } from "../../src/training/words/word_vectors.ts";
import { runMain } from "../run_main.ts";
import { cacheFolder } from "./encoder.ts";
import { fitConcepts, type PlainPhotos } from "./fit_concepts.ts";
import { dataOf, worldLicences } from "./world_provenance.ts";

const threads = 2;
/** Least number of occurrences of a new word. */
const minimumCount = 10;

/** Where the world's photos and captions are, and where results go. */
export interface WorldOptions {
  /** Folder of the bundle to continue from. */
  readonly from: string;
  /** The photos that the bundle was trained on. */
  readonly images: string;
  readonly captions: string;
  readonly train: string;
  readonly dev: string;
  readonly worldImages: string;
  readonly worldCaptions: string;
  readonly worldTrain: string;
  readonly worldDev: string;
  /** Captions without photos. */
  readonly texts?: string | undefined;
  /** Folder of photos without captions. */
  readonly uncaptioned?: string | undefined;
  /** Folder of the run. */
  readonly run: string;
  /** Folder of the bundle that is written. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/** Names of the two collections, as the manifest's scores have them. */
const collectionNames = { first: "Flickr8k", world: "COCO" } as const;

/** The photos of both worlds, as collections of a run. */
export function worldCollections(
  options: Pick<WorldOptions, "images" | "captions" | "train" | "dev" | WorldPart>,
): PhotoCollection[] {
  return [
    {
      ...{ name: collectionNames.first, images: options.images, captions: options.captions },
      ...{ trainList: options.train, devList: options.dev, ...worldDefaults.shares.first, views: 2 },
    },
    {
      ...{ name: collectionNames.world, images: options.worldImages, captions: options.worldCaptions },
      ...{ trainList: options.worldTrain, devList: options.worldDev, ...worldDefaults.shares.world, views: 8 },
    },
  ];
}

type WorldPart = "worldImages" | "worldCaptions" | "worldTrain" | "worldDev";

/** Continues training on the wider world and writes the bundle; returns its manifest. */
export async function trainWorld(options: WorldOptions): Promise<Manifest> {
  const { run, signal } = options;
  await assertWordVectors(vectorsPackage);
  await textModule();
  const backend = await startTensorflow();
  const { manifest, files } = await loadBundle(options.from, signal);
  const collections = worldCollections(options);
  const common = {
    ...{ collections, encoder: files.encoder, features: join(run, "features"), threads },
    onPhase: (phase: string, detail: string) => say(phase, `${detail} (tfjs on ${backend})`),
    ...(signal && { signal }),
  };
  const concepts = await worldConcepts(options, common);
  const trained = await trainMixed({
    ...{ ...common, concepts, out: join(run, "decoder"), settings: worldDefaults.settings, minimumCount, resume: true },
    start: { words: vocabularyWords(files.vocabulary), weights: bundleWeights(files) },
    texts: options.texts === undefined ? [] : [options.texts],
    vectors: vectorsPackage,
    onEpoch: ({ epoch, loss, reward, minutes }, scores) => {
      const found = [...scores].map(
        ([collection, { cider, bleu4 }]) => `${collection} ${cider.toFixed(3)} / ${bleu4.toFixed(3)}`,
      );
      const gained = reward === undefined ? "" : `, reward ${reward.toFixed(3)}`;
      say(
        `epoch ${epoch}`,
        `loss ${loss.toFixed(3)}${gained}, ${minutes.toFixed(1)} min, greedy CIDEr / BLEU-4: ${found.join(", ")}`,
      );
    },
  });
  using cache = trained.cache;
  const exported = await exportRun({
    run: join(run, "decoder"),
    out: options.out,
    encoder: files.encoder,
    encoderPrecision: readEncoder(files.encoder, manifest.encoder.precision, "encoder").precision,
    cache,
    dev: trained.dev,
    train: { photos: trained.train, cache },
    name: "edgecap-attention",
    version: "6",
    data: dataOf(
      trained.byCollection.get(collectionNames.first)!.train.length,
      trained.byCollection.get(collectionNames.world)!.train,
    ),
    command: "bun scripts/model/train.ts --images … --world-images … (docs/training.md has the complete command)",
    epochsBefore: manifest.provenance.epochs,
    minimumCount,
    licences: [...manifest.provenance.licences, ...worldLicences],
    ...(signal && { signal }),
  });
  for (const { generation, byCollection } of exported.trials) {
    say(JSON.stringify(generation), JSON.stringify(Object.fromEntries(byCollection)));
  }
  return exported.manifest;
}

/** Fits the concepts on the photos of both worlds and on those without captions. */
export async function worldConcepts(
  options: Pick<WorldOptions, "run" | "uncaptioned" | "signal">,
  common: Parameters<typeof collectionFeatures>[0],
): Promise<MixedConcepts> {
  const { run, uncaptioned, signal } = options;
  const data = await readCollections(common.collections, worldDefaults.settings.seed);
  const plain: PlainPhotos | undefined =
    uncaptioned === undefined
      ? undefined
      : { name: "plain", folder: uncaptioned, images: (await readdir(uncaptioned)).sort() };
  using collections = await collectionFeatures(common, data);
  const caches: NamedCache[] = [{ prefix: "", cache: collections }];
  if (plain !== undefined) {
    const cache = await photoFeatures({
      ...{ photos: { folder: plain.folder, namedBy: [] }, images: plain.images, views: 1, threads },
      ...{ encoder: readEncoder(common.encoder, "fp32", "encoder"), folder: join(common.features, plain.name) },
      ...(signal && { signal }),
    });
    caches.push({ prefix: `${plain.name}/`, cache });
  }
  say("concepts", "fitted on what captions name and on what ImageNet's network sees");
  using grids = new JoinedCaches(caches);
  return await fitConcepts({
    collections: common.collections,
    data,
    plain,
    grids,
    run,
    threads,
    ...(signal && { signal }),
  });
}

/** Prints one line of the report of a long run. */
export function say(what: string, detail: string): void {
  process.stdout.write(`${what}: ${detail}\n`);
}

/** Options of the world, which scripts/model/train.ts also has. */
export const worldFlags = {
  "world-images": { type: "string" },
  "world-captions": { type: "string" },
  "world-train": { type: "string" },
  "world-dev": { type: "string" },
  texts: { type: "string" },
  uncaptioned: { type: "string" },
} as const;

/** Options of a run that continues from a bundle. */
export const continuingFlags = {
  from: { type: "string" },
  images: { type: "string" },
  captions: { type: "string" },
  train: { type: "string" },
  dev: { type: "string" },
  ...worldFlags,
} as const;

/**
 * The options' values by the names of {@linkcode WorldOptions}.
 *
 * @param needed Flags that must be given besides the bundle, the photos and their captions.
 * @throws {EdgecapError} `option-invalid` naming all that are missing.
 */
export function continuingOptions(
  values: { readonly [Flag in keyof typeof continuingFlags]?: string | undefined },
  needed: readonly (keyof typeof continuingFlags)[] = [],
): Omit<WorldOptions, "run" | "out" | "signal"> {
  const optional: ReadonlySet<string> = new Set(["texts", "uncaptioned"]);
  const flags = Object.keys(continuingFlags) as (keyof typeof continuingFlags)[];
  const missing = flags.filter((flag) => values[flag] === undefined && (!optional.has(flag) || needed.includes(flag)));
  if (missing.length > 0) throw new EdgecapError("option-invalid", `Give --${missing.join(", --")}.`);
  return {
    ...{ from: values.from!, images: values.images!, captions: values.captions! },
    ...{ train: values.train!, dev: values.dev! },
    ...{ worldImages: values["world-images"]!, worldCaptions: values["world-captions"]! },
    ...{ worldTrain: values["world-train"]!, worldDev: values["world-dev"]! },
    ...{ texts: values.texts, uncaptioned: values.uncaptioned },
  };
}

async function main(): Promise<void> {
  using interrupt = interruptSignal();
  const { values } = parseArgs({
    options: {
      ...continuingFlags,
      run: { type: "string", default: join(cacheFolder, "world") },
      out: { type: "string", default: fileURLToPath(defaultBundle) },
    },
  });
  await trainWorld({
    ...continuingOptions(values),
    ...{ run: values.run, out: values.out, signal: interrupt.signal },
  });
}

if (import.meta.main) await runMain(main);
