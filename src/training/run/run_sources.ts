import { readCaptions } from "../../dataset/captions_file.ts";
import { EdgecapError } from "../../errors.ts";
import { tokenizeLines } from "../../text/tokenizer.ts";
import type { DevPhoto } from "./choose_generation.ts";
import { type DataSource, type RunData, readRunData } from "./run_data.ts";

/** Photos with captions, one of several collections that a run learns from. */
export interface PhotoSource extends Omit<DataSource, "seed"> {
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

/** A training photo of some source. */
export interface SourcePhoto {
  /** The source's name, a slash, and the photo's own. */
  readonly image: string;
  readonly captions: readonly (readonly string[])[];
  readonly share: number;
  readonly selfCriticalShare: number | undefined;
}

/** A dev photo of some source. */
export interface SourceDevPhoto extends DevPhoto {
  /** Name of the source. */
  readonly source: string;
}

/** Photos and captions of all sources. */
export interface SourceData {
  readonly train: readonly SourcePhoto[];
  readonly dev: readonly SourceDevPhoto[];
  readonly bySource: ReadonlyMap<string, RunData>;
}

/**
 * Reads the captions of several sources and splits each by photo. Needs `await textModule()` once.
 *
 * @throws {EdgecapError} As readRunData() does, and `option-invalid` if two sources have the same name.
 */
export async function readSources(sources: readonly PhotoSource[], seed: number): Promise<SourceData> {
  const bySource = new Map<string, RunData>();
  for (const source of sources) {
    if (bySource.has(source.name)) {
      throw new EdgecapError("option-invalid", `Two collections are called "${source.name}": give each its own name.`);
    }
    bySource.set(source.name, await readRunData({ ...source, seed }));
  }
  return {
    bySource,
    train: sources.flatMap(({ name, share = 1, selfCriticalShare }) =>
      bySource
        .get(name)!
        .train.map(({ image, captions }) => ({ image: `${name}/${image}`, captions, share, selfCriticalShare })),
    ),
    dev: sources.flatMap(({ name }) =>
      bySource.get(name)!.dev.map(({ image, references }) => ({ image: `${name}/${image}`, references, source: name })),
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
