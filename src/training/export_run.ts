import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, manifestVersion } from "../bundle/manifest.ts";
import { writeBundle } from "../bundle/write_bundle.ts";
import type { AttentionShape } from "./attention_model.ts";
import type { AttentionSettings } from "./attention_settings.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { type DevPhoto, type Generation, type GenerationTrial, tryGenerations } from "./choose_generation.ts";
import { exportAttention } from "./export_attention.ts";
import type { FeatureCache } from "./feature_cache.ts";
import type { EpochRecord } from "./trainer.ts";

/** What {@linkcode exportRun} needs. */
export interface ExportRunOptions {
  /** Folder of the run, with `best.ckpt` and `vocabulary.txt`. */
  readonly run: string;
  /** Folder of the bundle. */
  readonly out: string;
  /** Bytes of the encoder graph that ships. */
  readonly encoder: Uint8Array;
  readonly encoderPrecision: Manifest["encoder"]["precision"];
  readonly cache: FeatureCache;
  readonly dev: readonly DevPhoto[];
  /** What the bundle is called and where it comes from. */
  readonly name: string;
  readonly version: string;
  readonly data: string;
  readonly command: string;
  readonly minimumCount: number;
  readonly licences: Manifest["provenance"]["licences"];
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Beam widths and length penalties that are tried on the dev photos; the best becomes the bundle's default. */
const candidates: readonly Omit<Generation, "maxWords">[] = [
  { beams: 1, lengthPenalty: 0 },
  { beams: 3, lengthPenalty: 0.7 },
  { beams: 5, lengthPenalty: 0.7 },
  { beams: 5, lengthPenalty: 1 },
];

/**
 * Makes a bundle of a run's best checkpoint: graphs exported, the way to generate chosen on the dev photos by CIDEr,
 * and both written down.
 *
 * @returns The manifest, and what every way to generate scored.
 */
export async function exportRun(options: ExportRunOptions): Promise<{ manifest: Manifest; trials: GenerationTrial[] }> {
  const { meta, arrays } = await readCheckpoint(join(options.run, "best.ckpt"));
  const shape = meta["shape"] as AttentionShape;
  const settings = meta["settings"] as AttentionSettings;
  const records = meta["records"] as EpochRecord[];
  const vocabularyText = await readFile(join(options.run, "vocabulary.txt"));
  const vocabulary = new TextDecoder().decode(vocabularyText).trimEnd().split("\n");
  const graphs = exportAttention(shape, arrays, "fp16");
  const trials = await tryGenerations({
    graphs,
    cache: options.cache,
    dev: options.dev,
    vocabulary,
    generations: candidates.map((candidate) => ({ ...candidate, maxWords: settings.maxWords })),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
  const best = trials.reduce((a, b) => (b.scores.cider > a.scores.cider ? b : a));
  const { bleu1, bleu2, bleu3, bleu4, rougeL, cider } = best.scores;
  const manifest = await writeBundle(
    options.out,
    {
      schemaVersion: manifestVersion,
      name: options.name,
      version: options.version,
      encoder: {
        precision: options.encoderPrecision,
        size: 224,
        regions: shape.regions,
        features: shape.features,
      },
      decoder: {
        preset: "attention",
        precision: "fp16",
        hidden: shape.units,
        keys: shape.units,
        vocabulary: shape.vocabulary,
      },
      tokenizer: { rules: "spacy-en", lowercase: true, dropPunctuation: true, minimumCount: options.minimumCount },
      generation: best.generation,
      provenance: {
        data: options.data,
        preset: "attention",
        epochs: records.length,
        seed: settings.seed,
        command: options.command,
        scores: {
          split: `dev, ${options.dev.length} photos`,
          beams: best.generation.beams,
          bleu1,
          bleu2,
          bleu3,
          bleu4,
          rougeL,
          cider,
        },
        licences: options.licences,
      },
    },
    { encoder: options.encoder, decoderInit: graphs.init, decoderStep: graphs.step, vocabulary: vocabularyText },
  );
  return { manifest, trials };
}
