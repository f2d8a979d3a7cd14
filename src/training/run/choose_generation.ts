import type { Manifest } from "../../bundle/manifest.ts";
import type { ConceptName } from "../../concepts/concept_names.ts";
import { generate } from "../../decode/generate.ts";
import { noRepeats } from "../../decode/repeatable_words.ts";
import { RequiredConcepts } from "../../decode/required_concepts.ts";
import { throwIfAborted } from "../../errors.ts";
import { evaluateText, type Scores, type TextItem } from "../../evaluation/mod.ts";
import type { Datastore } from "../../retrieval/datastore.ts";
import { sentence } from "../../text/sentence.ts";
import { textModule } from "../../text/text_module.ts";
import { Vocabulary } from "../../text/vocabulary.ts";
import type { PhotoGrids } from "../encoder/photo_grids.ts";
import { openFastGraph } from "./fast_graph.ts";

/** The default generation settings of a bundle. */
export type Generation = Readonly<Manifest["generation"]>;

/** A dev photo with its reference captions. */
export interface DevPhoto {
  readonly image: string;
  readonly references: readonly string[];
  /** Its collection, if there are several: each is scored separately. */
  readonly collection?: string;
}

/** One way to generate and what it scores. */
export interface GenerationTrial {
  readonly generation: Generation;
  /** Scores on the dev photos, of the first collection if there are several. */
  readonly scores: Scores;
  /** Scores by collection, the first one first. */
  readonly byCollection: ReadonlyMap<string, Scores>;
}

/** Options of {@linkcode tryGenerations}. */
export interface TrialOptions {
  /** The decoder's graphs; `prefix` if its step reads a prefix of that many words. */
  readonly decoder: { readonly init: Uint8Array; readonly step: Uint8Array; readonly prefix?: number | undefined };
  readonly cache: PhotoGrids;
  readonly dev: readonly DevPhoto[];
  /** Words by id. */
  readonly vocabulary: readonly string[];
  readonly generations: readonly Generation[];
  /** The datastore for generations that use neighbours. */
  readonly datastore?: Datastore | undefined;
  /** Nouns of a decoder that looks at concepts, which some of the generations ask for. */
  readonly concepts?: readonly ConceptName[] | undefined;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Captions the dev photos with the exported graphs in each of several ways, and scores each. */
export async function tryGenerations(options: TrialOptions): Promise<GenerationTrial[]> {
  const { cache, dev, vocabulary, generations, datastore, signal } = options;
  const { regions, features } = cache.index;
  await using init = await openFastGraph("decoder_init", options.decoder.init);
  await using step = await openFastGraph("decoder_step", options.decoder.step);
  const { prefix } = options.decoder;
  const decoder = { init, step, ...(prefix !== undefined && { prefix }) };
  const hypotheses = generations.map((): string[] => []);
  await textModule();
  using ids = Vocabulary.parse(`${vocabulary.join("\n")}\n`);
  const rules = generations.map(({ noRepeatNgram, concepts }) => ({
    repeats: noRepeats(noRepeatNgram, (words) => ids.encode(words)),
    required: concepts && options.concepts && new RequiredConcepts(options.concepts, ids, concepts),
  }));
  for (const [done, { image }] of dev.entries()) {
    throwIfAborted(signal);
    const grid = { data: new Float32Array(regions * features), shape: [1, regions, features] };
    cache.read(image, 0, grid.data, 0);
    for (const [trial, { beams, lengthPenalty, maxWords, neighbours }] of generations.entries()) {
      const { repeats, required } = rules[trial]!;
      const search = {
        vocabulary: vocabulary.length,
        beams,
        lengthPenalty,
        maxWords,
        minWords: 1,
        count: 1,
        ...repeats,
      };
      const {
        captions: [best],
      } = await generate(
        decoder,
        grid,
        { ...search, ...(signal && { signal }) },
        datastore && neighbours && { datastore, ...neighbours },
        required,
      );
      hypotheses[trial]!.push(sentence([...best!.tokens].map((id) => vocabulary[id]!)));
    }
    options.onProgress?.(done + 1, dev.length);
  }
  return generations.map((generation, trial) => {
    const byCollection = scoresByCollection(dev, hypotheses[trial]!);
    return { generation, byCollection, scores: byCollection.values().next().value! };
  });
}

/** Scores of captions, separately for each collection. @param captions One for each of `dev`. */
export function scoresByCollection(dev: readonly DevPhoto[], captions: readonly string[]): Map<string, Scores> {
  const items = new Map<string, TextItem[]>();
  for (const [i, { image, references, collection = "dev" }] of dev.entries()) {
    const ofCollection = items.get(collection) ?? [];
    ofCollection.push({ id: image, hypothesis: captions[i]!, references });
    items.set(collection, ofCollection);
  }
  return new Map([...items].map(([collection, list]) => [collection, evaluateText(list)]));
}
