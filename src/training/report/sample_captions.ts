import { join } from "node:path";
import { loadBundle } from "../../bundle/load_bundle.ts";
import { generate } from "../../decode/generate.ts";
import { throwIfAborted } from "../../errors.ts";
import { GraphSession } from "../../runtime/graph_session.ts";
import { sentence } from "../../text/sentence.ts";
import { vocabularyWords } from "../../text/vocabulary_words.ts";
import type { FeatureCache } from "../encoder/feature_cache.ts";
import type { AttendedWord } from "./attention_map.ts";
import { photoData } from "./photo_data.ts";

/** A photo as the report shows it. */
export interface SamplePhoto {
  readonly image: string;
  readonly data: string;
  readonly caption: string;
  /** Where the decoder looked, word by word; empty if it has no attention. */
  readonly words: readonly AttendedWord[];
}

/** Options of {@linkcode captionSamples}. */
export interface SampleOptions {
  /** Folder of the bundle. */
  readonly bundle: string;
  /** Folder of the photos. */
  readonly images: string;
  readonly names: readonly string[];
  readonly cache: FeatureCache;
  readonly signal?: AbortSignal;
}

/** Captions some photos with the bundle, and records where its decoder looked. */
export async function captionSamples(options: SampleOptions): Promise<SamplePhoto[]> {
  const { manifest, files } = await loadBundle(options.bundle, options.signal);
  const vocabulary = vocabularyWords(files.vocabulary);
  await using init = await GraphSession.create("decoder_init", files.decoderInit);
  await using step = await GraphSession.create("decoder_step", files.decoderStep);
  const { prefix } = manifest.decoder;
  const decoder = { init, step, ...(prefix !== undefined && { prefix }) };
  const { regions, features } = options.cache.index;
  const photos: SamplePhoto[] = [];
  for (const image of options.names) {
    throwIfAborted(options.signal);
    const grid = { data: new Float32Array(regions * features), shape: [1, regions, features] };
    options.cache.read(image, 0, grid.data, 0);
    const { beams, maxWords, lengthPenalty } = manifest.generation;
    const {
      captions: [best],
    } = await generate(decoder, grid, {
      vocabulary: vocabulary.length,
      beams,
      maxWords,
      lengthPenalty,
      minWords: 1,
      count: 1,
      attention: prefix === undefined,
    });
    const texts = [...best!.tokens].map((id) => vocabulary[id]!);
    const maps = best!.attention ?? [];
    photos.push({
      image,
      data: await photoData(join(options.images, image)),
      caption: sentence(texts),
      words: maps.map((attention, place) => ({ text: texts[place]!, attention })),
    });
  }
  return photos;
}
