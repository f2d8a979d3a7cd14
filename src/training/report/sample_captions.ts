import { join } from "node:path";
import { loadBundle } from "../../bundle/load_bundle.ts";
import { generate } from "../../decode/generate.ts";
import { readPhoto } from "../../decode/next_logits.ts";
import { throwIfAborted } from "../../errors.ts";
import { GraphSession, type GraphTensor } from "../../runtime/graph_session.ts";
import { sentence } from "../../text/sentence.ts";
import type { FeatureCache } from "../feature_cache.ts";
import type { AttendedWord } from "./attention_map.ts";
import { photoData } from "./photo_data.ts";

/** A photo as the report shows it. */
export interface SamplePhoto {
  readonly image: string;
  readonly data: string;
  readonly caption: string;
  /** Where the decoder looked, word by word; empty where it has no attention. */
  readonly words: readonly AttendedWord[];
}

/** What {@linkcode captionSamples} needs. */
export interface SampleOptions {
  /** Folder of the bundle. */
  readonly bundle: string;
  /** Folder of the photos. */
  readonly images: string;
  readonly names: readonly string[];
  readonly cache: FeatureCache;
  readonly signal?: AbortSignal;
}

/** Captions some photos as the bundle does, and notes where its decoder looked. */
export async function captionSamples(options: SampleOptions): Promise<SamplePhoto[]> {
  const { manifest, files } = await loadBundle(options.bundle, options.signal);
  const vocabulary = new TextDecoder().decode(files.vocabulary).trimEnd().split("\n");
  await using init = await GraphSession.create("decoder_init", files.decoderInit);
  await using step = await GraphSession.create("decoder_step", files.decoderStep);
  const attention: { latest?: GraphTensor } = {};
  const watched = {
    run: async (inputs: Readonly<Record<string, GraphTensor>>) => {
      const outputs = await step.run(inputs);
      if (outputs["attention"] !== undefined) attention.latest = outputs["attention"];
      return outputs;
    },
  };
  const { prefix } = manifest.decoder;
  const decoder = { init, step: watched, ...(prefix !== undefined && { prefix }) };
  const { regions, features } = options.cache.index;
  const photos: SamplePhoto[] = [];
  for (const image of options.names) {
    throwIfAborted(options.signal);
    const grid = { data: new Float32Array(regions * features), shape: [1, regions, features] };
    options.cache.read(image, 0, grid.data, 0);
    const { beams, maxWords, lengthPenalty } = manifest.generation;
    const search = { vocabulary: vocabulary.length, beams, maxWords, lengthPenalty, minWords: 1, count: 1 };
    const [best] = await generate(decoder, grid, search);
    const words: AttendedWord[] = [];
    if (prefix === undefined) {
      // Once more along the words chosen: the search's beams have mixed theirs up.
      const nextLogits = await readPhoto(decoder, grid);
      let token = 1;
      for (const id of best!.tokens) {
        await nextLogits(Int32Array.of(token), Uint32Array.of(0));
        words.push({ text: vocabulary[id]!, attention: Float32Array.from(attention.latest!.data) });
        token = id;
      }
    }
    photos.push({
      image,
      data: await photoData(join(options.images, image)),
      caption: sentence([...best!.tokens].map((id) => vocabulary[id]!)),
      words,
    });
  }
  return photos;
}
