import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../bundle/manifest.ts";
import { writeConceptNames } from "../../concepts/concept_names.ts";
import { vocabularyWords } from "../../text/vocabulary_words.ts";
import { exportArticle } from "../article/export_article.ts";
import { type ArticleShape, branchUnits } from "../article/merged_model.ts";
import { exportAttention } from "../attention/export_attention.ts";
import type { AttentionShape } from "../attention/model.ts";
import type { AttentionSettings } from "../attention/settings.ts";
import { readRunConcepts } from "../concepts/run_concepts.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { EpochRecord } from "./epochs.ts";
import type { DecoderPrecision } from "./weight_precision.ts";

/** The best decoder of a run, of either preset, ready to be stored in any precision. */
export interface RunDecoder {
  readonly preset: "attention" | "article";
  readonly records: readonly EpochRecord[];
  readonly seed: number;
  /** Longest caption that the decoder was trained to give. */
  readonly maxWords: number;
  /** Entries of the vocabulary by id, and the file that holds them. */
  readonly vocabulary: readonly string[];
  readonly vocabularyFile: Uint8Array;
  /** The file of the nouns that it looks at. */
  readonly conceptsFile?: Uint8Array;
  /** The manifest's description of the decoder. */
  readonly manifest: Omit<Manifest["decoder"], "precision">;
  /** The decoder's two graphs. */
  graphs(precision: DecoderPrecision): { init: Uint8Array; step: Uint8Array };
}

/**
 * Opens the best checkpoint of a run.
 *
 * @param run Folder of the run, with `best.ckpt` and `vocabulary.txt`.
 * @param grid Regions and features that the encoder gives.
 * @throws {EdgecapError} `file-unreadable` or `checkpoint-invalid`.
 */
export async function openRunDecoder(
  run: string,
  grid: { readonly regions: number; readonly features: number },
): Promise<RunDecoder> {
  const { meta, arrays } = await readCheckpoint(join(run, "best.ckpt"));
  const vocabularyFile = new Uint8Array(await readFile(join(run, "vocabulary.txt")));
  const common = {
    records: meta["records"] as EpochRecord[],
    seed: (meta["settings"] as { readonly seed: number }).seed,
    vocabularyFile,
    vocabulary: vocabularyWords(vocabularyFile),
  };
  if (meta["preset"] === "article") {
    const shape = meta["shape"] as ArticleShape;
    const units = branchUnits(shape);
    return {
      ...common,
      preset: "article",
      // The start and the end take one place each of the longest sequence.
      maxWords: shape.longest - 2,
      manifest: {
        preset: "article",
        hidden: units,
        keys: units,
        prefix: shape.longest,
        vocabulary: shape.vocabulary,
      },
      graphs: (precision) => exportArticle(shape, grid, arrays, precision),
    };
  }
  const shape = meta["shape"] as AttentionShape;
  const concepts = shape.concepts && (await readRunConcepts(run));
  return {
    ...common,
    preset: "attention",
    maxWords: (meta["settings"] as AttentionSettings).maxWords,
    ...(concepts && { conceptsFile: new TextEncoder().encode(writeConceptNames(concepts.nouns)) }),
    manifest: {
      preset: "attention",
      hidden: shape.units,
      keys: shape.units,
      vocabulary: shape.vocabulary,
      ...(concepts && { concepts: { nouns: concepts.shape.nouns, slots: concepts.shape.slots } }),
    },
    graphs: (precision) => exportAttention(shape, arrays, precision, concepts),
  };
}
