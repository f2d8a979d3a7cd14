import { evaluateText } from "../../evaluation/mod.ts";
import { sentence } from "../../text/sentence.ts";
import type { Vocabulary } from "../../text/vocabulary.ts";
import { captionSequence, longestCaption } from "../article/caption_sequences.ts";
import { embeddingMatrix } from "../article/merged_model.ts";
import { trainArticle } from "../article/train_article.ts";
import { PhotoReader } from "../attention/photo_reader.ts";
import { trainAttention } from "../attention/trainer.ts";
import type { FeatureCache } from "../encoder/feature_cache.ts";
import { readWordVectors, vectorsPackage } from "../words/word_vectors.ts";
import type { DevPhoto } from "./choose_generation.ts";
import type { EpochRecord } from "./epochs.ts";
import type { RunData } from "./run_data.ts";
import { trainerOptions } from "./run_folder.ts";
import { estimateRun } from "./step_estimate.ts";
import type { ArticleOptions, AttentionOptions, CommonRunOptions, TrainRunOptions } from "./train_options.ts";

/** The data that a run has read and computed before its first step. */
export interface Prepared {
  readonly data: RunData;
  readonly vocabulary: Vocabulary;
  readonly cache: FeatureCache;
}

/** Passes the data to the preset's own trainer, in the form that it needs. */
export function trainPreset(options: TrainRunOptions, prepared: Prepared): Promise<EpochRecord[]> {
  return options.preset === "article" ? articleEpochs(options, prepared) : attentionEpochs(options, prepared);
}

async function articleEpochs(options: CommonRunOptions & ArticleOptions, prepared: Prepared): Promise<EpochRecord[]> {
  const { data, vocabulary, cache } = prepared;
  const words = wordsOf(vocabulary);
  const train = data.train.map(({ image, captions }) => ({
    image,
    sequences: captions.map((tokens) => captionSequence(tokens, vocabulary)),
  }));
  const source = options.vectors ?? vectorsPackage;
  const { dimension, vectors } = await readWordVectors(source, [...words, "start", "end"]);
  const shape = {
    features: cache.index.regions * cache.index.features,
    longest: longestCaption(train),
    embedding: dimension,
    vocabulary: vocabulary.size,
    mixed: options.settings.mixed,
  };
  const embedding = embeddingMatrix(words, vectors, dimension);
  return trainArticle({
    ...commonOptions(options, prepared),
    ...{ cache, train, shape, embedding, settings: options.settings },
  });
}

async function attentionEpochs(
  options: CommonRunOptions & AttentionOptions,
  prepared: Prepared,
): Promise<EpochRecord[]> {
  const { data, vocabulary, cache } = prepared;
  const words = wordsOf(vocabulary);
  if (options.onEstimate !== undefined) {
    const { units, embedding } = options.settings;
    const shape = { ...cache.index, units, embedding, vocabulary: vocabulary.size };
    options.onEstimate(await estimateRun(shape, options.settings, data.train.length));
  }
  const pretrained = options.vectors === undefined ? undefined : await readWordVectors(options.vectors, words);
  return trainAttention({
    ...commonOptions(options, prepared),
    photos: new PhotoReader(cache),
    train: data.train.map(({ image, captions }) => ({
      image,
      captions: captions.map((tokens) => Int32Array.from(vocabulary.encode(tokens))),
    })),
    vocabulary: vocabulary.size,
    settings: { ...options.settings, ...(pretrained && { embedding: pretrained.dimension }) },
    ...(options.start && { start: options.start }),
    ...(pretrained && { wordVectors: words.map((word) => pretrained.vectors.get(word)) }),
  });
}

/** The inputs of the trainers of both presets. */
function commonOptions(options: CommonRunOptions, { data: { dev }, vocabulary }: Prepared) {
  return {
    ...trainerOptions(options),
    devImages: dev.map(({ image }) => image),
    score: (ids: readonly Int32Array[]) => devScore(ids, dev, vocabulary),
    ...(options.onEpoch && { onEpoch: options.onEpoch }),
  };
}

/** The words of a vocabulary, by id. */
function wordsOf(vocabulary: Vocabulary): string[] {
  return vocabulary.serialise().trimEnd().split("\n");
}

/** CIDEr of greedy captions of the dev photos. */
function devScore(ids: readonly Int32Array[], dev: readonly DevPhoto[], vocabulary: Vocabulary): number {
  const items = dev.map(({ image, references }, i) => ({
    id: image,
    hypothesis: sentence(vocabulary.decode(Uint32Array.from(ids[i]!))),
    references,
  }));
  return evaluateText(items).cider;
}
