import { readCaptions } from "../../dataset/captions_file.ts";
import { randomSplit } from "../../dataset/split.ts";
import { readSplitList } from "../../dataset/split_list.ts";
import { EdgecapError } from "../../errors.ts";
import { tokenizeLines } from "../../text/tokenizer.ts";
import { Vocabulary } from "../../text/vocabulary.ts";
import type { DevPhoto } from "./choose_generation.ts";

/** Where a run's photos and captions come from. */
export interface DataSource {
  /** Captions file: Kaggle's, Flickr8k.token.txt's or Karpathy's layout. */
  readonly captions: string;
  /**
   * List of training photos, one name per line; without lists, those of the captions file, or a random split by photo.
   */
  readonly trainList?: string;
  /** List of dev photos. */
  readonly devList?: string;
  /** Draws the random split. */
  readonly seed: number;
}

/** Files that name a run's photos, lists first. */
export function namingFiles(source: Omit<DataSource, "seed">): string[] {
  return [source.trainList, source.devList, source.captions].filter((file) => file !== undefined);
}

/** Photos and captions of a run, split. */
export interface RunData {
  /** Training photos with the words of their captions. */
  readonly train: readonly { readonly image: string; readonly captions: readonly (readonly string[])[] }[];
  readonly dev: readonly DevPhoto[];
  /** Rows that were left out because they hold no caption. */
  readonly dropped: number;
}

/**
 * Reads captions, splits them by photo and tokenizes those to train on. Needs `await textModule()` once.
 *
 * Without lists, 7,000 photos are for training and 1,000 for tuning, as in the article; of fewer than 8,000, one in
 * eight is for tuning.
 *
 * @throws {EdgecapError} `file-unreadable`, `data-invalid` or `option-invalid`.
 */
export async function readRunData(source: DataSource): Promise<RunData> {
  const { captions, dropped, splits } = await readCaptions(source.captions);
  const { train, dev } = await splitOf(source, captions, splits);
  return {
    dropped,
    train: train.map((image) => ({ image, captions: tokensOf(captions.get(image)!) })),
    dev: dev.map((image) => ({ image, references: captions.get(image)! })),
  };
}

function tokensOf(captions: readonly string[]): string[][] {
  return tokenizeLines(captions.join("\n"))
    .split("\n")
    .slice(0, captions.length)
    .map((line) => line.split(" ").filter((word) => word !== ""));
}

/**
 * The vocabulary of the captions to train on.
 *
 * @param minimumCount Words that occur less often are left out.
 * @throws {EdgecapError} `data-invalid` if no word occurs that often.
 */
export function runVocabulary({ train }: RunData, minimumCount: number): Vocabulary {
  const sentences = train.flatMap(({ captions }) => captions.map((words) => words.join(" ")));
  const vocabulary = Vocabulary.build(sentences, minimumCount);
  if (vocabulary.size > 4) return vocabulary;
  vocabulary[Symbol.dispose]();
  throw new EdgecapError(
    "data-invalid",
    `The vocabulary is empty: no word of the ${sentences.length} training captions occurs ${minimumCount} times. Lower --minimum-count, or give more captions.`,
  );
}

async function splitOf(
  { captions: file, trainList, devList, seed }: DataSource,
  captions: ReadonlyMap<string, readonly string[]>,
  splits: ReadonlyMap<string, readonly string[]>,
): Promise<{ train: readonly string[]; dev: readonly string[] }> {
  if (trainList !== undefined && devList !== undefined) {
    const train = await readSplitList(trainList, captions);
    const dev = await readSplitList(devList, captions);
    const known = new Set(train);
    const shared = dev.find((image) => known.has(image));
    if (shared !== undefined) {
      throw new EdgecapError(
        "data-invalid",
        `"${shared}" is in both lists, "${trainList}" and "${devList}": remove it from one.`,
      );
    }
    return { train, dev };
  }
  if (trainList !== undefined || devList !== undefined) {
    throw new EdgecapError("option-invalid", "Give both lists, of training and of dev photos, or none.");
  }
  const [train, dev] = [splits.get("train"), splits.get("val")];
  if (train !== undefined && dev !== undefined) return { train, dev };
  if (captions.size < 2) {
    throw new EdgecapError(
      "data-invalid",
      `"${file}" has captions of a single photo: training needs at least two, one of them as a dev photo.`,
    );
  }
  const tuned = Math.min(1000, Math.max(1, Math.floor(captions.size / 8)));
  return randomSplit(captions.keys(), { train: Math.min(7000, captions.size - tuned), dev: tuned, seed });
}
