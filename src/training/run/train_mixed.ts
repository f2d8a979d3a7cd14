import { join } from "node:path";
import { NounFinder } from "../../concepts/noun_table.ts";
import type { Scores } from "../../evaluation/mod.ts";
import { sentence } from "../../text/sentence.ts";
import { textModule } from "../../text/text_module.ts";
import { unknownId } from "../../text/vocabulary_words.ts";
import { PhotoReader } from "../attention/photo_reader.ts";
import type { AttentionSettings } from "../attention/settings.ts";
import { trainAttention } from "../attention/trainer.ts";
import { ConceptSlots } from "../concepts/concept_slots.ts";
import { judgePhotos, KnownConcepts, type ProbabilityTable } from "../concepts/known_concepts.ts";
import { type RunConcepts, writeRunConcepts } from "../concepts/run_concepts.ts";
import { readEncoder } from "../encoder/encoder_graph.ts";
import { photoFeatures } from "../encoder/photo_features.ts";
import { JoinedCaches, type NamedCache } from "../encoder/photo_grids.ts";
import { withMoreWords } from "../words/more_words.ts";
import { assertWordVectors, readWordVectors } from "../words/word_vectors.ts";
import { scoresByCollection } from "./choose_generation.ts";
import type { EpochRecord } from "./epochs.ts";
import { type CollectionData, type PhotoCollection, readCollections, readTexts } from "./run_collections.ts";
import { namingFiles } from "./run_data.ts";
import { openRunFolder, type RunOptions, trainerOptions, writeRecords } from "./run_folder.ts";
import { estimateRun } from "./step_estimate.ts";

/** A decoder to continue from. */
export interface DecoderStart {
  /** Its vocabulary, by id. */
  readonly words: readonly string[];
  /** Its weights by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Concepts of a run, and what is known about its photos beforehand. */
export interface MixedConcepts {
  readonly concepts: RunConcepts;
  /** For each photo the output of a head that has not seen it; for missing photos, the run's own head is used. */
  readonly judged?: readonly ProbabilityTable[];
}

/** Options of {@linkcode trainMixed}. */
export interface MixedRunOptions extends RunOptions {
  readonly collections: readonly PhotoCollection[];
  /** Files of captions without photos. */
  readonly texts?: readonly string[];
  readonly start: DecoderStart;
  readonly concepts?: MixedConcepts | undefined;
  readonly settings: AttentionSettings;
  readonly onEpoch?: (record: EpochRecord, scores: ReadonlyMap<string, Scores>) => void;
}

/** The parts of a mixed run that its export uses; the caller disposes of the caches. */
export interface MixedRun extends CollectionData {
  readonly records: readonly EpochRecord[];
  readonly cache: JoinedCaches;
}

/**
 * Trains an existing decoder further, on photos of several collections and on captions without photos. Adds the words
 * that it lacks.
 *
 * Greedy captions of each collection's dev photos have a CIDEr; an epoch's score is the mean over the collections.
 *
 * @throws {EdgecapError} As trainRun() does.
 */
export async function trainMixed(options: MixedRunOptions): Promise<MixedRun> {
  if (options.vectors !== undefined) await assertWordVectors(options.vectors);
  await textModule();
  const data = await readCollections(options.collections, options.settings.seed);
  const texts = await readTexts(options.texts ?? []);
  const { words, counts } = vocabularyOf(options, data, texts);
  await openRunFolder(options, `${words.join("\n")}\n`);
  if (options.concepts !== undefined) await writeRunConcepts(options.out, options.concepts.concepts);
  const cache = await collectionFeatures(options, data);
  try {
    const records = await train(options, { data, texts, words, counts, cache });
    await writeRecords(options.out, records);
    return { ...data, records, cache };
  } catch (error) {
    cache[Symbol.dispose]();
    throw error;
  }
}

/** The start's words, then those that captions hold often enough, the most frequent first. */
function vocabularyOf(
  { start, minimumCount }: MixedRunOptions,
  { train }: CollectionData,
  texts: readonly (readonly string[])[],
): { words: string[]; counts: number[] } {
  const counts = new Map<string, number>();
  for (const tokens of [...train.flatMap(({ captions }) => captions), ...texts]) {
    for (const word of tokens) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const known = new Set(start.words);
  const added = [...counts]
    .filter(([word, count]) => count >= minimumCount && !known.has(word) && /^\p{L}+$/u.test(word))
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([word]) => word);
  const words = [...start.words, ...added];
  return { words, counts: words.map((word) => counts.get(word) ?? 0) };
}

/** Options of {@linkcode collectionFeatures}. */
export type CollectionFeaturesOptions = Pick<
  MixedRunOptions,
  "collections" | "encoder" | "features" | "threads" | "onPhase" | "onProgress" | "signal"
>;

/** Features of the training photos in several views, and of the unchanged dev photos. */
export async function collectionFeatures(
  options: CollectionFeaturesOptions,
  { byCollection }: CollectionData,
): Promise<JoinedCaches> {
  const encoder = readEncoder(options.encoder, "fp32", "--encoder");
  const caches: NamedCache[] = [];
  for (const collection of options.collections) {
    const { name, images, views = 2 } = collection;
    const { train, dev } = byCollection.get(name)!;
    for (const [part, photos, seen] of [
      ["train", train, views],
      ["dev", dev, 1],
    ] as const) {
      const cache = await photoFeatures({
        photos: { folder: images, namedBy: namingFiles(collection) },
        images: photos.map(({ image }) => image),
        encoder,
        folder: join(options.features, `${name}-${part}`),
        views: seen,
        threads: options.threads,
        onStart: (detail) => options.onPhase?.("features", `${name}: ${detail}`),
        onProgress: (done, total) => options.onProgress?.(done, total),
        ...(options.signal && { signal: options.signal }),
      });
      caches.push({ prefix: `${name}/`, cache });
    }
  }
  return new JoinedCaches(caches);
}

interface Prepared {
  readonly data: CollectionData;
  readonly texts: readonly (readonly string[])[];
  readonly words: readonly string[];
  readonly counts: readonly number[];
  readonly cache: JoinedCaches;
}

async function train(options: MixedRunOptions, prepared: Prepared): Promise<EpochRecord[]> {
  const { data, texts, words, cache } = prepared;
  const ids = new Map(words.map((word, id) => [word, id]));
  const encode = (tokens: readonly string[]) => Int32Array.from(tokens, (word) => ids.get(word) ?? unknownId);
  const finder = options.concepts && new NounFinder(options.concepts.concepts.nouns);
  const captions = data.train.reduce((sum, photo) => sum + photo.captions.length, 0);
  options.onPhase?.(
    "training",
    `${data.train.length} photos, ${captions} captions, ${texts.length} captions without photos, ${words.length} words; dev ${data.dev.length} photos`,
  );
  if (options.onEstimate !== undefined) {
    const { units, embedding } = options.settings;
    const shape = { ...cache.index, units, embedding, vocabulary: words.length };
    const shown = data.train.reduce((sum, { share }) => sum + share, 0);
    options.onEstimate(await estimateRun(shape, options.settings, shown));
  }
  let scores = new Map<string, Scores>();
  return await trainAttention({
    ...trainerOptions(options),
    photos: new PhotoReader(cache, options.concepts && knownConcepts(options.concepts, prepared, finder!)),
    train: data.train.map(({ captions, ...photo }) => ({ ...photo, captions: captions.map(encode) })),
    texts: finder === undefined ? [] : texts.map((text) => ({ words: encode(text), nouns: finder.find(text) })),
    devImages: data.dev.map(({ image }) => image),
    vocabulary: words.length,
    settings: options.settings,
    start: await startWeights(options, prepared),
    score: (found) => {
      scores = scoresByCollection(
        data.dev,
        found.map((tokens) => sentence(Array.from(tokens, (id) => words[id]!))),
      );
      return [...scores.values()].reduce((sum, { cider }) => sum + cider / scores.size, 0);
    },
    onEpoch: (record) => options.onEpoch?.(record, scores),
  });
}

/** The start's weights, adapted to the run's vocabulary. */
async function startWeights({ start, vectors }: MixedRunOptions, { words, counts }: Prepared) {
  if (words.length === start.words.length) return start.weights;
  const known =
    vectors === undefined ? new Map<string, Float32Array>() : (await readWordVectors(vectors, words)).vectors;
  return withMoreWords(start.weights, { from: start.words, to: words, vectors: known, counts });
}

/** Output of the run's heads for its photos. Photos of small collections stand in as often as those of the largest. */
function knownConcepts(
  { concepts, judged = [] }: MixedConcepts,
  { data, cache }: Prepared,
  finder: NounFinder,
): KnownConcepts {
  const known = new Set(judged.flatMap(({ images }) => images));
  const others = [...data.train, ...data.dev].map(({ image }) => image).filter((image) => !known.has(image));
  const sizes = [...data.byCollection.values()].map(({ train }) => train.length);
  const named = [...data.byCollection].flatMap(([name, { train }]) => {
    const photos = train.map(({ image, captions }) => ({
      image: `${name}/${image}`,
      nouns: oftenNamed(captions.map((tokens) => finder.find(tokens))),
    }));
    const times = Math.max(1, Math.round(Math.max(...sizes) / Math.max(1, train.length)));
    return Array.from({ length: times }, () => photos).flat();
  });
  const tables = others.length === 0 ? judged : [...judged, judgePhotos(others, cache, concepts.head)];
  return new KnownConcepts(new ConceptSlots(concepts.shape, concepts.vectors), tables, named);
}

/** Nouns that at least two captions name, or that the only caption names. */
function oftenNamed(captions: readonly ReadonlySet<number>[]): Set<number> {
  const counts = new Map<number, number>();
  for (const nouns of captions) for (const noun of nouns) counts.set(noun, (counts.get(noun) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count > 1 || captions.length === 1).map(([noun]) => noun));
}
