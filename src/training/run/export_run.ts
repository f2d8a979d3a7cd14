import { type Manifest, manifestVersion } from "../../bundle/manifest.ts";
import { writeBundle } from "../../bundle/write_bundle.ts";
import { type ConceptName, readConceptNames } from "../../concepts/concept_names.ts";
import { selfTestOf } from "../../model/stored_answer.ts";
import { Datastore } from "../../retrieval/datastore.ts";
import { unknownId } from "../../text/vocabulary_words.ts";
import { readEncoder } from "../encoder/encoder_graph.ts";
import type { PhotoGrids } from "../encoder/photo_grids.ts";
import { buildDatastore } from "./build_datastore.ts";
import { type DevPhoto, type Generation, type GenerationTrial, tryGenerations } from "./choose_generation.ts";
import type { RunData } from "./run_data.ts";
import { openRunDecoder, type RunDecoder } from "./run_decoder.ts";
import type { DecoderPrecision } from "./weight_precision.ts";

/** Training photos with the words of their captions, and their features. */
export interface TrainPhotos {
  readonly photos: RunData["train"];
  readonly cache: PhotoGrids;
}

/** Options of {@linkcode exportRun}. */
export interface ExportRunOptions {
  /** Folder of the run, with `best.ckpt` and `vocabulary.txt`. */
  readonly run: string;
  /** Folder of the bundle. */
  readonly out: string;
  /** Bytes of the encoder graph that ships. */
  readonly encoder: Uint8Array;
  readonly encoderPrecision: Manifest["encoder"]["precision"];
  /** Default `fp16`. */
  readonly decoderPrecision?: DecoderPrecision;
  /** Features of the dev photos by that encoder. */
  readonly cache: PhotoGrids;
  readonly dev: readonly DevPhoto[];
  /**
   * Training photos, for the datastore of bundles of the attention preset; without them the bundle has no datastore.
   */
  readonly train?: TrainPhotos | undefined;
  /** Ways to generate that are tried; the best becomes the bundle's own. Default: those of the preset. */
  readonly generations?: readonly Omit<Generation, "maxWords">[];
  /** Name and origin of the bundle. */
  readonly name: string;
  readonly version: string;
  readonly data: string;
  readonly command: string;
  /** Number of epochs of the run whose weights this one started from. Default 0. */
  readonly epochsBefore?: number;
  readonly minimumCount: number;
  readonly licences: Manifest["provenance"]["licences"];
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Words of a datastore's captions are 16-bit numbers. */
const largestVocabulary = 65_536;

/** Captions should name concepts that are at least this sure; for decoders that look at concepts. */
const sureConcepts = { least: 0.75, most: 2, reward: 0.6, rewardOfOnly: 3, leastOfOnly: 0.5 } as const;

/**
 * Beam widths, length penalties, neighbours and concepts that are tried on the dev photos; the best becomes the
 * bundle's default.
 */
const candidates: Readonly<Record<"attention" | "article", readonly Omit<Generation, "maxWords">[]>> = {
  attention: [
    { beams: 1, lengthPenalty: 0 },
    { beams: 5, lengthPenalty: 0.7 },
    ...[0.85, 1].flatMap((lengthPenalty) =>
      [10, 24].flatMap((weight) =>
        [undefined, sureConcepts].map((concepts) => ({
          ...{ beams: 10, lengthPenalty, neighbours: { count: 20, weight } },
          ...(concepts && { concepts }),
        })),
      ),
    ),
  ],
  // Each step of this decoder reads the entire prefix again, so more beams would take an hour.
  article: [
    { beams: 1, lengthPenalty: 0 },
    { beams: 3, lengthPenalty: 0.7 },
  ],
};

/** Keeps captions from repeating a word; captions of the article's decoder stay unchanged. */
const repeats: Readonly<Record<"attention" | "article", Pick<Generation, "noRepeatNgram">>> = {
  attention: { noRepeatNgram: 1 },
  article: {},
};

/**
 * Makes a bundle of a run's best checkpoint: exports the graphs and chooses the way to generate on the dev photos, by
 * CIDEr plus BLEU-4, the reward of captions in training. The manifest records both.
 *
 * @returns The manifest, the scores of every way to generate, and the file of the new datastore.
 */
export async function exportRun(
  options: ExportRunOptions,
): Promise<{ manifest: Manifest; trials: GenerationTrial[]; datastore: Uint8Array | undefined }> {
  const encoder = readEncoder(options.encoder, options.encoderPrecision, "encoder");
  const decoder = await openRunDecoder(options.run, encoder);
  const decoderPrecision = options.decoderPrecision ?? "fp16";
  const graphs = decoder.graphs(decoderPrecision);
  const datastoreFile = await datastoreOf(options, decoder, graphs.init);
  using datastore = datastoreFile && new Datastore(datastoreFile, options.out, decoder.vocabulary.length);
  const trials = await tryGenerations({
    decoder: { ...graphs, prefix: decoder.manifest.prefix },
    cache: options.cache,
    dev: options.dev,
    vocabulary: decoder.vocabulary,
    generations: (options.generations ?? candidates[decoder.preset])
      .filter(({ neighbours }) => neighbours === undefined || datastore !== undefined)
      .filter(({ concepts }) => concepts === undefined || decoder.conceptsFile !== undefined)
      .map((candidate) => ({ ...repeats[decoder.preset], ...candidate, maxWords: decoder.maxWords })),
    concepts: decoder.conceptsFile && conceptsOf(decoder.conceptsFile, options.out, decoder.manifest),
    datastore,
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
  const worth = ({ byCollection }: GenerationTrial) =>
    [...byCollection.values()].reduce((sum, { cider, bleu4 }) => sum + (cider + bleu4) / byCollection.size, 0);
  const best = trials.reduce((a, b) => (worth(b) > worth(a) ? b : a));
  const tested = {
    encoder: {
      precision: options.encoderPrecision,
      size: encoder.size,
      regions: encoder.regions,
      features: encoder.features,
    },
    decoder: { ...decoder.manifest, precision: decoderPrecision },
    generation: best.generation,
  };
  const selfTest = await selfTestOf(
    { encoder: options.encoder, decoderInit: graphs.init, decoderStep: graphs.step },
    tested,
  );
  const manifest = await writeBundle(
    options.out,
    {
      schemaVersion: manifestVersion,
      name: options.name,
      version: options.version,
      encoder: tested.encoder,
      decoder: tested.decoder,
      tokenizer: { rules: "spacy-en", lowercase: true, dropPunctuation: true, minimumCount: options.minimumCount },
      generation: tested.generation,
      selfTest,
      provenance: {
        data: options.data,
        preset: decoder.preset,
        epochs: (options.epochsBefore ?? 0) + decoder.records.length,
        seed: decoder.seed,
        command: options.command,
        ...scoresOf(best, options.dev),
        licences: options.licences,
      },
    },
    {
      encoder: options.encoder,
      decoderInit: graphs.init,
      decoderStep: graphs.step,
      vocabulary: decoder.vocabularyFile,
      // Leave out what no way to generate uses.
      ...(datastoreFile && best.generation.neighbours && { datastore: datastoreFile }),
      ...(decoder.conceptsFile && { concepts: decoder.conceptsFile }),
    },
  );
  return { manifest, trials, datastore: datastoreFile };
}

/** The nouns that a run's decoder looks at. */
function conceptsOf(
  file: Uint8Array,
  where: string,
  { concepts }: Pick<Manifest["decoder"], "concepts">,
): ConceptName[] {
  return readConceptNames(new TextDecoder().decode(file), where, concepts!.nouns);
}

/** Scores as a manifest has them: of the first collection, and of the others if there are any. */
function scoresOf({ generation, byCollection }: GenerationTrial, dev: readonly DevPhoto[]) {
  const [first, ...others] = [...byCollection].map(([collection, { bleu1, bleu2, bleu3, bleu4, rougeL, cider }]) => {
    const photos = dev.filter((photo) => (photo.collection ?? "dev") === collection).length;
    const split = `dev${byCollection.size === 1 ? "" : ` of ${collection}`}, ${photos} photos`;
    return { split, beams: generation.beams, bleu1, bleu2, bleu3, bleu4, rougeL, cider };
  });
  return { scores: first!, ...(others.length > 0 && { otherScores: others }) };
}

/** The training photos as a file, if they are available and the decoder can compare photos. */
async function datastoreOf(
  { train, signal }: ExportRunOptions,
  { preset, vocabulary }: RunDecoder,
  init: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (train === undefined || preset !== "attention" || vocabulary.length > largestVocabulary) return undefined;
  const ids = new Map(vocabulary.map((word, id) => [word, id]));
  const photos = train.photos.map(({ image, captions }) => ({
    image,
    captions: captions.map((words) => Int32Array.from(words, (word) => ids.get(word) ?? unknownId)),
  }));
  return await buildDatastore({ init, photos, cache: train.cache, ...(signal && { signal }) });
}
