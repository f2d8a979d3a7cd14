import { readCaptions } from "../../dataset/captions_file.ts";
import { EdgecapError } from "../../errors.ts";
import { tokenizeLines } from "../../text/tokenizer.ts";
import type { DevPhoto } from "./choose_generation.ts";
import { type DataSource, type RunData, readRunData } from "./run_data.ts";

/** A collection of photos with captions, one of several that a run learns from. */
export interface PhotoCollection extends Omit<DataSource, "seed"> {
  /** Name that distinguishes its photos from those of others: `coco`. */
  readonly name: string;
  /** Folder of the photos. */
  readonly images: string;
  /** How often an epoch shows each photo; a fraction is a chance. Default 1. */
  readonly share?: number;
  /** The same for epochs of self-critical training. Default: `share`. */
  readonly selfCriticalShare?: number;
  /** Number of views of each training photo to learn from. Default 2. */
  readonly views?: 1 | 2 | 8;
}

/** A training photo of a collection. */
export interface CollectionPhoto {
  /** The collection's name, a slash, and the photo's own. */
  readonly image: string;
  readonly captions: readonly (readonly string[])[];
  readonly share: number;
  readonly selfCriticalShare: number | undefined;
}

/** A dev photo of a collection. */
export interface CollectionDevPhoto extends DevPhoto {
  /** Name of the collection. */
  readonly collection: string;
}

/** Photos and captions of all collections. */
export interface CollectionData {
  readonly train: readonly CollectionPhoto[];
  readonly dev: readonly CollectionDevPhoto[];
  readonly byCollection: ReadonlyMap<string, RunData>;
}

/**
 * Reads the captions of several collections and splits each by photo. Needs `await textModule()` once.
 *
 * @throws {EdgecapError} As readRunData() does, and `option-invalid` if two collections have the same name.
 */
export async function readCollections(collections: readonly PhotoCollection[], seed: number): Promise<CollectionData> {
  const byCollection = new Map<string, RunData>();
  for (const collection of collections) {
    if (byCollection.has(collection.name)) {
      throw new EdgecapError(
        "option-invalid",
        `Two collections are called "${collection.name}": give each its own name.`,
      );
    }
    byCollection.set(collection.name, await readRunData({ ...collection, seed }));
  }
  return {
    byCollection,
    train: collections.flatMap(({ name, share = 1, selfCriticalShare }) =>
      byCollection
        .get(name)!
        .train.map(({ image, captions }) => ({ image: `${name}/${image}`, captions, share, selfCriticalShare })),
    ),
    dev: collections.flatMap(({ name }) =>
      byCollection
        .get(name)!
        .dev.map(({ image, references }) => ({ image: `${name}/${image}`, references, collection: name })),
    ),
  };
}

/**
 * The captions of some files, with or without photos, as tokens.
 *
 * @throws {EdgecapError} `file-unreadable` or `data-invalid`.
 */
export async function readTexts(files: readonly string[]): Promise<string[][]> {
  const texts: string[][] = [];
  for (const file of files) {
    const lines = [...(await readCaptions(file)).captions.values()].flat();
    const tokens = tokenizeLines(lines.join("\n")).split("\n").slice(0, lines.length);
    texts.push(...tokens.map((line) => line.split(" ").filter((word) => word !== "")));
  }
  return texts;
}
