import { basename, join, resolve } from "node:path";
import { EdgecapError } from "../errors.ts";
import { vocabularyWords } from "../text/vocabulary_words.ts";
import { phaseProgress } from "./progress.ts";
import { reportLine } from "./report_line.ts";
import { runReports } from "./run_reports.ts";

/** Flags of `edgecap train --from`. */
export interface TrainFromFlags {
  readonly from: string;
  readonly images: readonly string[];
  readonly captions: readonly string[];
  readonly train?: readonly string[];
  readonly dev?: readonly string[];
  readonly share?: readonly number[];
  readonly texts?: readonly string[];
  readonly out: string;
  readonly features?: string;
  readonly vectors?: string;
  readonly minimumCount?: number;
  readonly epochs?: number;
  readonly selfCriticalEpochs?: number;
  readonly patience: number;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly threads: number;
  readonly backend: "auto" | "tensorflow" | "webgpu" | "wasm" | "cpu";
}

/**
 * Continues the training of a bundle's decoder on other photos, and makes a bundle from the result.
 *
 * @param command The command that was typed, for the bundle's manifest.
 */
export async function trainFrom(flags: TrainFromFlags, command: string, signal: AbortSignal): Promise<void> {
  const collections = collectionsOf(flags);
  const [
    { loadBundle },
    { startTensorflow },
    { trainMixed },
    { exportRun },
    { fineTuneDefaults, withEpochs },
    { bundleWeights },
    { conceptsOfBundle },
  ] = await Promise.all([
    import("../bundle/load_bundle.ts"),
    import("../training/tensorflow.ts"),
    import("../training/run/train_mixed.ts"),
    import("../training/run/export_run.ts"),
    import("../training/attention/settings.ts"),
    import("../training/run/bundle_weights.ts"),
    import("../training/concepts/run_concepts.ts"),
  ]);
  const { manifest, files } = await loadBundle(flags.from, signal);
  if (manifest.decoder.preset !== "attention") {
    throw new EdgecapError(
      "option-invalid",
      `--from ${flags.from} is a bundle of the preset ${manifest.decoder.preset}: training can only continue from the preset attention.`,
    );
  }
  const backend = await startTensorflow(flags.backend);
  const concepts = conceptsOfBundle(manifest, files);
  const tuned = withEpochs(fineTuneDefaults, flags);
  const run = await trainMixed({
    collections,
    texts: flags.texts ?? [],
    start: { words: vocabularyWords(files.vocabulary), weights: bundleWeights(files) },
    concepts: concepts && { concepts },
    settings: { ...tuned, ...(flags.seed !== undefined && { seed: flags.seed }) },
    out: flags.out,
    features: resolve(flags.features ?? join(flags.out, "features")),
    encoder: files.encoder,
    minimumCount: flags.minimumCount ?? 5,
    ...(flags.vectors !== undefined && { vectors: flags.vectors }),
    ...(flags.patience > 0 && { patience: flags.patience }),
    resume: flags.resume === true,
    threads: flags.threads,
    ...(await runReports(backend)),
    onEpoch: ({ epoch, loss, minutes }, scores) => {
      const found = [...scores].map(([collection, { cider }]) => `${collection} ${cider.toFixed(3)}`).join(", ");
      reportLine(`epoch ${epoch}`, `loss ${loss.toFixed(3)}, dev CIDEr (greedy) ${found}, ${minutes.toFixed(1)} min`);
    },
    signal,
  });
  using cache = run.cache;
  const out = join(flags.out, "bundle");
  const names = collections.map(({ captions }) => basename(captions)).join(", ");
  const exported = await exportRun({
    run: flags.out,
    out,
    encoder: files.encoder,
    encoderPrecision: manifest.encoder.precision,
    cache,
    dev: run.dev,
    train: { photos: run.train, cache },
    name: `${manifest.name}-tuned`,
    version: "1",
    data: `${manifest.provenance.data}; then ${run.train.length} photos of ${names}`,
    command,
    epochsBefore: manifest.provenance.epochs,
    minimumCount: manifest.tokenizer.minimumCount,
    licences: manifest.provenance.licences,
    onProgress: phaseProgress("dev photos"),
    signal,
  });
  const { beams } = exported.manifest.generation;
  for (const { split, cider, bleu4 } of scoresOf(exported.manifest.provenance)) {
    reportLine(split, `CIDEr ${cider.toFixed(4)}, BLEU-4 ${bleu4.toFixed(4)}`);
  }
  reportLine("bundle", `${out} (${beams} beam${beams > 1 ? "s" : ""})`);
}

interface Scored {
  readonly split: string;
  readonly cider: number;
  readonly bleu4: number;
}

function scoresOf({ scores, otherScores = [] }: { readonly scores: Scored; readonly otherScores?: readonly Scored[] }) {
  return [scores, ...otherScores];
}

/** The photos, captions, lists and shares that belong together by their position in the flags. */
function collectionsOf({ images, captions, train = [], dev = [], share = [] }: TrainFromFlags) {
  const counts = { "--images": images, "--captions": captions, "--train": train, "--dev": dev, "--share": share };
  for (const [flag, values] of Object.entries(counts)) {
    if (values.length === images.length || (values.length === 0 && flag !== "--captions")) continue;
    throw new EdgecapError(
      "option-invalid",
      `${flag} is given ${values.length} times and --images ${images.length} times: give one for each folder of photos.`,
    );
  }
  return images.map((folder, i) => ({
    name: images.length === 1 ? "photos" : `photos${i + 1}`,
    images: resolve(folder),
    captions: resolve(captions[i]!),
    ...(train[i] !== undefined && { trainList: resolve(train[i]!) }),
    ...(dev[i] !== undefined && { devList: resolve(dev[i]!) }),
    ...(share[i] !== undefined && { share: share[i]! }),
    // With only a few hundred photos, eight views of each are worth the time.
    views: 8 as const,
  }));
}
