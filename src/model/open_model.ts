import { OneAtATime } from "../async/one_at_a_time.ts";
import type { BundleFiles, Manifest } from "../bundle/manifest.ts";
import { allSettled, type BundleParts, type LoadProgress, type OpenBundle } from "../bundle/open_bundle.ts";
import { type ConceptName, readConceptNames } from "../concepts/concept_names.ts";
import { NounFinder } from "../concepts/noun_table.ts";
import { ConfidenceModel } from "../confidence/confidence_model.ts";
import type { Neighbours } from "../decode/generate.ts";
import { noRepeats } from "../decode/repeatable_words.ts";
import { RequiredConcepts } from "../decode/required_concepts.ts";
import type { SearchOptions } from "../decode/search.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { type DecodedImage, type DecodeOptions, decodeBy } from "../image/decode_by.ts";
import type { ImageModule } from "../image/image_crate.ts";
import { Datastore } from "../retrieval/datastore.ts";
import type { BackendName } from "../runtime/backend.ts";
import { Vocabulary } from "../text/vocabulary.ts";
import type { BundleGraphs } from "./check_shapes.ts";
import { graphParts, type OpenGraphs } from "./open_graphs.ts";
import { Resources } from "./resources.ts";

/** A bundle ready to run: its graphs, its vocabulary, and the queue of its callers. */
export interface Model {
  readonly manifest: Manifest;
  /** The backend that executes the graphs. */
  readonly backend: BackendName;
  readonly graphs: BundleGraphs;
  readonly vocabulary: Vocabulary;
  /** The training photos that influence which beam wins, if the bundle has them. */
  readonly neighbours: Neighbours | undefined;
  /** The nouns to recognise in each picture, if the bundle has them. */
  readonly concepts: readonly ConceptName[] | undefined;
  /** Chooses the concepts that a caption should name, if the bundle requires any. */
  readonly required: RequiredConcepts | undefined;
  /** Settings that keep captions from repeating themselves; empty if the bundle has none. */
  readonly repeats: Pick<SearchOptions, "noRepeatNgram" | "repeatable">;
  /** Finds these nouns in captions. */
  readonly finder: NounFinder | undefined;
  /** Computes how likely a caption is right, if the bundle can tell. */
  readonly confidence: ConfidenceModel | undefined;
  /** Decodes a picture; see src/image/decode_by.ts. */
  readonly decodeImage: (bytes: Uint8Array, options: DecodeOptions) => Promise<DecodedImage>;
  /** Buffer for the encoder's input, [1, size, size, 3], reused because allocating memory is slow. */
  readonly pixels: Float32Array;
  /** Graphs run once at a time, however many captioners share them. */
  readonly turns: OneAtATime;
}

/** A model, which its owner frees. */
export interface OpenModel extends AsyncDisposable {
  readonly model: Model;
}

/** The resources that run a model: WebAssembly modules, and the graphs' backend. */
export interface ModelEngine {
  /** Instantiates the text module. */
  readonly startText: () => Promise<unknown>;
  /** The image module, instantiated on first use. */
  readonly imageModule: () => Promise<ImageModule>;
  /** Opens the graphs. */
  readonly openGraphs: (
    source: OpenBundle,
    files: BundleParts,
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly backend: BackendName; readonly graphs: OpenGraphs }>;
  /**
   * Makes the backend ready that the graphs will probably run on, while files are read. Failures wait for `openGraphs`.
   *
   * @param signal Aborted once the graphs are open, or if they will not be.
   */
  readonly warmUp?: (source: OpenBundle, files: BundleParts, signal: AbortSignal) => Promise<void>;
  /** Whether to read all files at the same time; otherwise at most two graphs are in memory. */
  readonly readsAhead: boolean;
}

/** Options of {@linkcode openModel}. */
export interface OpenModelOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Graphs, each of which is read while the previous one is opened. */
const [, ...laterGraphs] = graphParts;

/** The files that are needed before the graphs. */
type EarlyFiles = Pick<BundleFiles, "vocabulary" | "datastore" | "concepts">;

/**
 * Opens a bundle, so that it is ready to run.
 *
 * @throws {EdgecapError} `bundle-*`, and what opening the graphs throws.
 * @throws The signal's reason, once what was opened is freed, if it is aborted.
 */
export async function openModel(
  source: OpenBundle,
  engine: ModelEngine,
  options: OpenModelOptions,
): Promise<OpenModel> {
  const { signal, onProgress } = options;
  const { where, manifest } = source;
  const parts = source.parts(onProgress);
  const late: readonly string[] = engine.readsAhead ? [] : laterGraphs;
  const early = Object.entries(parts).filter(([part]) => !late.includes(part));
  await using resources = new Resources();
  const opened = new AbortController();
  const ends = signal === undefined ? opened.signal : AbortSignal.any([signal, opened.signal]);
  const warming = engine.warmUp?.(source, parts, ends).catch(() => {});
  const stopWarming = async () => {
    opened.abort();
    await warming;
  };
  // Nothing continues unseen after a failure.
  resources.use({ [Symbol.asyncDispose]: stopWarming });
  const starting = engine.startText();
  // Compile the image module early, on other threads, so that the first picture does not wait for it. If that fails,
  // the first picture reports it.
  engine.imageModule().catch(() => {});
  const [, ...read] = await allSettled([starting, ...early.map(([, file]) => file.read())]);
  const files = Object.fromEntries(early.map(([part], at) => [part, read[at]])) as EarlyFiles;
  throwIfAborted(signal);
  const vocabulary = resources.use(Vocabulary.parse(new TextDecoder().decode(files.vocabulary)));
  if (vocabulary.size !== manifest.decoder.vocabulary) {
    throw inconsistent(
      where,
      `its vocabulary has ${vocabulary.size} entries, but its manifest says ${manifest.decoder.vocabulary}`,
    );
  }
  const neighbours = neighboursOf(where, manifest, files);
  if (neighbours !== undefined) resources.use(neighbours.datastore);
  const concepts = conceptsOf(where, manifest, files);
  parts.datastore?.free();
  const { noRepeatNgram, concepts: rule } = manifest.generation;
  if (rule !== undefined && concepts === undefined) {
    throw inconsistent(where, "its manifest requires concepts, but its decoder knows none");
  }
  const required = concepts && rule && new RequiredConcepts(concepts, vocabulary, rule);
  const repeats = noRepeats(noRepeatNgram, (words) => vocabulary.encode(words));
  const finder = concepts && new NounFinder(concepts);
  const confidence = manifest.confidence && new ConfidenceModel(manifest.confidence, where);
  const { backend, graphs } = await engine.openGraphs(source, parts, signal);
  resources.use(graphs);
  await stopWarming();
  throwIfAborted(signal);
  const kept = resources.move();
  const turns = new OneAtATime();
  const pixels = new Float32Array(3 * manifest.encoder.size ** 2);
  return {
    model: {
      manifest,
      backend,
      graphs,
      vocabulary,
      neighbours,
      concepts,
      required,
      repeats,
      finder,
      confidence,
      pixels,
      decodeImage: (bytes, options) => decodeBy(engine.imageModule, bytes, options),
      turns,
    },
    [Symbol.asyncDispose]: async () => {
      await turns.idle();
      await kept[Symbol.asyncDispose]();
    },
  };
}

function conceptsOf(where: string, { decoder, files: names }: Manifest, files: EarlyFiles): ConceptName[] | undefined {
  if (decoder.concepts === undefined) return undefined;
  if (files.concepts === undefined) {
    throw inconsistent(where, "its manifest counts concepts, but does not name their file");
  }
  const file = `${where}/${names.concepts!.path}`;
  return readConceptNames(new TextDecoder().decode(files.concepts), file, decoder.concepts.nouns);
}

function inconsistent(where: string, why: string): EdgecapError {
  return new EdgecapError(
    "bundle-shape-mismatch",
    `The bundle "${where}" is inconsistent: ${why}. Export the bundle again.`,
  );
}

function neighboursOf(
  where: string,
  { generation, decoder, files: names }: Manifest,
  files: EarlyFiles,
): Neighbours | undefined {
  const { neighbours } = generation;
  if (neighbours === undefined) return undefined;
  if (files.datastore === undefined)
    throw inconsistent(where, "its manifest uses neighbours, but does not name a datastore");
  const datastore = new Datastore(files.datastore, `${where}/${names.datastore!.path}`, decoder.vocabulary);
  if (datastore.dimensions !== decoder.keys) {
    throw inconsistent(
      where,
      `the vectors of its datastore have ${datastore.dimensions} numbers, but those of its decoder have ${decoder.keys}`,
    );
  }
  return { datastore, ...neighbours };
}
