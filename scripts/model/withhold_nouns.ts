/**
 * Measures whether captions name nouns whose photos were all left out of training. It trains as
 * scripts/model/train_world.ts does, but without the photos whose captions name one of the nouns. Then it captions
 * the world's photos that were left out, and the world's dev photos. Captions without photos keep the nouns.
 *
 * A photo shows a noun if one of its captions names it. This measure and the eight nouns of the default are those of
 * "Deep Compositional Captioning" (Hendricks et al., 2016).
 *
 * usage: bun scripts/model/withhold_nouns.ts --from BUNDLE --images DIR --captions FILE --train LIST --dev LIST
 *        --world-images DIR --world-captions FILE --world-train LIST --world-dev LIST --texts FILE
 *        [--uncaptioned DIR] [--nouns zebra,pizza] [--epochs 6] [--self-critical-epochs 4] [--run .cache/withheld]
 *
 * After an interruption, run the same command to continue.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { defaultBundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import { interruptSignal } from "../../src/cli/interrupt.ts";
import { type Noun, NounFinder } from "../../src/concepts/noun_table.ts";
import { EdgecapError } from "../../src/errors.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { load } from "../../src/mod.ts";
import { textModule } from "../../src/text/text_module.ts";
import { tokenizeLines } from "../../src/text/tokenizer.ts";
import { vocabularyWords } from "../../src/text/vocabulary_words.ts";
import { withEpochs, worldDefaults } from "../../src/training/attention/settings.ts";
import { readEncoder } from "../../src/training/encoder/encoder_graph.ts";
import { bundleWeights } from "../../src/training/run/bundle_weights.ts";
import { exportRun } from "../../src/training/run/export_run.ts";
import { type CollectionData, type PhotoCollection, readCollections } from "../../src/training/run/run_collections.ts";
import { trainMixed } from "../../src/training/run/train_mixed.ts";
import { startTensorflow } from "../../src/training/tensorflow.ts";
import { vectorsPackage } from "../../src/training/words/word_vectors.ts";
import { runMain } from "../run_main.ts";
import { cacheFolder } from "./encoder.ts";
import { everydayNouns } from "./fit_concepts.ts";
import { continuingFlags, continuingOptions, say, worldCollections, worldConcepts } from "./train_world.ts";

const threads = 2;
const minimumCount = 10;
const usualNouns = "bottle,bus,couch,microwave,pizza,tennis racket,suitcase,zebra";

/** How often captions named a noun, and how many photos show it. */
interface NounCount {
  /** Photos that show it. */
  shown: number;
  /** Captions that name it. */
  named: number;
  /** Captions that name it, only of photos that show it. */
  right: number;
}

/** Harmonic mean of precision and recall. */
function f1({ shown, named, right }: NounCount): number {
  return right === 0 ? 0 : (2 * right) / (shown + named);
}

/** The photos whose captions name one of the nouns. */
function photosThatShow(nouns: readonly Noun[], { train }: CollectionData): Set<string> {
  const finder = new NounFinder(nouns);
  return new Set(
    train.filter(({ captions }) => captions.some((tokens) => finder.find(tokens).size > 0)).map(({ image }) => image),
  );
}

/** The collections with training lists that leave some photos out; the lists lie in the run's folder. */
async function collectionsWithout(
  collections: readonly PhotoCollection[],
  { byCollection }: CollectionData,
  withheld: ReadonlySet<string>,
  run: string,
): Promise<PhotoCollection[]> {
  const views = 2;
  return await Promise.all(
    collections.map(async (collection) => {
      const kept = byCollection
        .get(collection.name)!
        .train.map(({ image }) => image)
        .filter((image) => !withheld.has(`${collection.name}/${image}`));
      const trainList = join(run, `${collection.name}-train.txt`);
      await writeAtomically(trainList, `${kept.join("\n")}\n`);
      return { ...collection, trainList, views };
    }),
  );
}

/** Captions photos with a bundle, and counts the nouns. */
async function countNouns(
  bundle: string,
  nouns: readonly Noun[],
  photos: readonly { readonly path: string; readonly captions: readonly (readonly string[])[] }[],
): Promise<NounCount[]> {
  const counts = nouns.map(() => ({ shown: 0, named: 0, right: 0 }));
  const finder = new NounFinder(nouns);
  await using captioner = await load({ bundle, threads });
  for (const { path, captions } of photos) {
    const { caption } = await captioner.caption(path);
    const named = finder.find(tokensOf(caption));
    const shown = new Set(captions.flatMap((tokens) => [...finder.find(tokens)]));
    for (const [noun, count] of counts.entries()) {
      if (shown.has(noun)) count.shown++;
      if (named.has(noun)) count.named++;
      if (shown.has(noun) && named.has(noun)) count.right++;
    }
  }
  return counts;
}

function tokensOf(caption: string): string[] {
  return tokenizeLines(caption)
    .trim()
    .split(" ")
    .filter((word) => word !== "");
}

async function main(): Promise<void> {
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  const { values } = parseArgs({
    options: {
      ...continuingFlags,
      nouns: { type: "string", default: usualNouns },
      epochs: { type: "string" },
      "self-critical-epochs": { type: "string" },
      run: { type: "string", default: join(cacheFolder, "withheld") },
    },
  });
  const { run } = values;
  const options = continuingOptions(values, ["texts"]);
  const nouns = nounsNamed(await everydayNouns(), values.nouns.split(","));
  await textModule();
  const backend = await startTensorflow();
  await mkdir(run, { recursive: true });
  const all = worldCollections(options);
  const allData = await readCollections(all, worldDefaults.settings.seed);
  const withheld = photosThatShow(nouns, allData);
  const collections = await collectionsWithout(all, allData, withheld, run);
  say("withheld", `${withheld.size} photos of ${nouns.map(({ name }) => name).join(", ")} (tfjs on ${backend})`);

  const { files, manifest } = await loadBundle(options.from, signal);
  const common = { collections, encoder: files.encoder, features: join(run, "features"), threads, signal };
  const settings = withEpochs(worldDefaults.settings, {
    epochs: values.epochs === undefined ? undefined : Number(values.epochs),
    selfCriticalEpochs:
      values["self-critical-epochs"] === undefined ? undefined : Number(values["self-critical-epochs"]),
  });
  const trained = await trainMixed({
    ...{
      ...common,
      concepts: await worldConcepts({ run, uncaptioned: options.uncaptioned, signal }, common),
      out: join(run, "decoder"),
    },
    ...{ settings, minimumCount, resume: true, texts: [options.texts!], vectors: vectorsPackage },
    start: { words: vocabularyWords(files.vocabulary), weights: bundleWeights(files) },
    onEpoch: ({ epoch, loss, minutes }, scores) => {
      const found = [...scores].map(([collection, { cider }]) => `${collection} ${cider.toFixed(3)}`);
      say(`epoch ${epoch}`, `loss ${loss.toFixed(3)}, ${minutes.toFixed(1)} min, greedy CIDEr: ${found.join(", ")}`);
    },
  });
  using cache = trained.cache;
  const bundle = join(run, "bundle");
  await exportRun({
    ...{ run: join(run, "decoder"), out: bundle, encoder: files.encoder, cache, dev: trained.dev },
    ...{
      encoderPrecision: readEncoder(files.encoder, manifest.encoder.precision, "encoder").precision,
      train: { photos: trained.train, cache },
    },
    ...{ name: "withheld-nouns", version: "0", data: "", command: "bun scripts/model/withhold_nouns.ts", minimumCount },
    // The default bundle's own way to generate.
    generations: [{ ...(await loadBundle(defaultBundle)).manifest.generation }],
    licences: manifest.provenance.licences,
    signal,
  });

  const worldName = all[1]!.name;
  const { train: worldTrain, dev: worldDev } = allData.byCollection.get(worldName)!;
  const photos = [
    ...worldTrain.filter(({ image }) => withheld.has(`${worldName}/${image}`)),
    ...worldDev.map(({ image, references }) => ({ image, captions: references.map(tokensOf) })),
  ].map(({ image, captions: own }) => ({ path: join(options.worldImages, image), captions: own }));
  const counts = await countNouns(bundle, nouns, photos);
  for (const [place, { name }] of nouns.entries()) {
    const { shown, named, right } = counts[place]!;
    say(name, `shown ${shown}, named ${named}, rightly ${right}, F1 ${f1(counts[place]!).toFixed(2)}`);
  }
  say("mean F1", (counts.reduce((sum, count) => sum + f1(count), 0) / counts.length).toFixed(3));
}

function nounsNamed(table: readonly Noun[], names: readonly string[]): Noun[] {
  return names.map((name) => {
    const noun = table.find((one) => one.name === name);
    if (noun !== undefined) return noun;
    throw new EdgecapError("option-invalid", `--nouns names "${name}", which src/concepts/nouns.txt lacks.`);
  });
}

if (import.meta.main) await runMain(main);
