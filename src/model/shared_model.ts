import { isExecutable } from "#assets";
import { abortable } from "../async/abortable.ts";
import { OneAtATime } from "../async/one_at_a_time.ts";
import { type BundleSource, type LoadProgress, type OpenBundle, openBundle } from "../bundle/load_bundle.ts";
import type { BundleFiles, Manifest } from "../bundle/manifest.ts";
import { type ConceptName, readConceptNames } from "../concepts/concept_names.ts";
import { NounFinder } from "../concepts/noun_table.ts";
import { ConfidenceModel } from "../confidence/confidence_model.ts";
import type { Neighbours } from "../decode/generate.ts";
import { noRepeats } from "../decode/repeatable_words.ts";
import { RequiredConcepts } from "../decode/required_concepts.ts";
import type { SearchOptions } from "../decode/search.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { imageModule } from "../image/image_module.ts";
import { Datastore } from "../retrieval/datastore.ts";
import type { BackendChoice, BackendName } from "../runtime/backend.ts";
import { textModule } from "../text/text_module.ts";
import { Vocabulary } from "../text/vocabulary.ts";
import type { BundleGraphs } from "./check_shapes.ts";
import { openChosen } from "./open_chosen.ts";
import { Resources } from "./resources.ts";

/** A bundle ready to run: its graphs, its vocabulary, and the queue of its callers. */
export interface Model {
  readonly manifest: Manifest;
  /** What executes the graphs. */
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
  /** Buffer for the encoder's input, [1, size, size, 3], reused because allocating memory is slow. */
  readonly pixels: Float32Array;
  /** Graphs run once at a time, however many captioners share them. */
  readonly turns: OneAtATime;
}

/** A caller's share of a model; the model is freed when the last share is disposed of. */
export interface ModelShare extends AsyncDisposable {
  readonly model: Model;
}

/** What {@linkcode shareModel} needs. */
export interface ModelOptions {
  readonly bundle: BundleSource;
  readonly threads: number;
  readonly backend: BackendChoice;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

interface Entry {
  holders: number;
  /** Stops the loading; only the signal of the caller who began it counts. */
  readonly signal: AbortSignal | undefined;
  /** Listeners for the progress. */
  readonly listeners: Set<(progress: LoadProgress) => void>;
  progress: LoadProgress | undefined;
  readonly opening: Promise<OpenModel>;
}

interface OpenModel extends AsyncDisposable {
  readonly model: Model;
}

/**
 * The models that are loaded, by manifest, threads and backend: a manifest names its files by their hashes, so that two
 * bundles of the same manifest are the same bundle, and sessions are too large to hold twice.
 */
const loaded = new Map<string, Entry>();

/**
 * Loads a bundle, or shares what another caller has loaded of the same bundle.
 *
 * @throws {EdgecapError} `bundle-*`, `graph-failed`, `backend-*` or `self-test-failed`.
 * @throws The signal's reason, at once, if it is aborted.
 */
export async function shareModel(options: ModelOptions): Promise<ModelShare> {
  const { signal, onProgress } = options;
  const source = await openBundle(options.bundle, signal);
  const key = `${source.hash} ${options.threads} ${options.backend}`;
  for (;;) {
    throwIfAborted(signal);
    const entry = loaded.get(key) ?? begin(key, source, options);
    entry.holders++;
    const listening = new Listening(entry, onProgress);
    try {
      const { model } = await abortable(entry.opening, signal);
      listening.throwIfFailed();
      return { model, [Symbol.asyncDispose]: once(() => release(key, entry)) };
    } catch (error) {
      // If another caller continues the loading, this share is released as soon as possible.
      entry.opening.then(
        () => release(key, entry),
        () => {},
      );
      throwIfAborted(signal);
      listening.throwIfFailed();
      // The caller who began the loading gave up, but this one did not.
      if (entry.signal?.aborted !== true) throw error;
    } finally {
      listening.end();
    }
  }
}

/** One caller's progress listener for a loading that may be shared. */
class Listening {
  readonly #entry: Entry;
  readonly #listener: (progress: LoadProgress) => void;
  #failure: { readonly error: unknown } | undefined;

  constructor(entry: Entry, onProgress: ((progress: LoadProgress) => void) | undefined) {
    this.#entry = entry;
    this.#listener = (progress) => {
      try {
        if (this.#failure === undefined) onProgress?.(progress);
      } catch (error) {
        // The loading continues for the other callers.
        this.#failure = { error };
      }
    };
    if (entry.progress !== undefined) this.#listener(entry.progress);
    entry.listeners.add(this.#listener);
  }

  /** @throws what the caller's function threw. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  end(): void {
    this.#entry.listeners.delete(this.#listener);
  }
}

function begin(key: string, source: OpenBundle, options: ModelOptions): Entry {
  const listeners: Entry["listeners"] = new Set();
  const onProgress = (progress: LoadProgress) => {
    entry.progress = progress;
    for (const listener of listeners) listener(progress);
  };
  const opening = openModel(source, { ...options, onProgress }).catch((error: unknown) => {
    if (loaded.get(key) === entry) loaded.delete(key);
    throw error;
  });
  const entry: Entry = { holders: 0, signal: options.signal, listeners, progress: undefined, opening };
  loaded.set(key, entry);
  return entry;
}

async function release(key: string, entry: Entry): Promise<void> {
  entry.holders--;
  if (entry.holders > 0) return;
  if (loaded.get(key) === entry) loaded.delete(key);
  await (await entry.opening)[Symbol.asyncDispose]();
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

async function openModel(source: OpenBundle, options: ModelOptions): Promise<OpenModel> {
  const { threads, backend: wanted, signal, onProgress } = options;
  const { where, manifest } = source;
  // Compile the image module early, on other threads, so that the first picture does not wait for it. If that fails,
  // the first picture reports it.
  imageModule().catch(() => {});
  // With more threads an executable measures which of its two backends is faster.
  if (wanted === "wasm" || (wanted === "auto" && isExecutable && threads > 1)) startWasm(threads).catch(() => {});
  const [files] = await Promise.all([source.files(onProgress), textModule()]);
  throwIfAborted(signal);
  await using resources = new Resources();
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
  const { noRepeatNgram, concepts: rule } = manifest.generation;
  if (rule !== undefined && concepts === undefined) {
    throw inconsistent(where, "its manifest requires concepts, but its decoder knows none");
  }
  const required = concepts && rule && new RequiredConcepts(concepts, vocabulary, rule);
  const repeats = noRepeats(noRepeatNgram, (words) => vocabulary.encode(words));
  const finder = concepts && new NounFinder(concepts);
  const confidence = manifest.confidence && new ConfidenceModel(manifest.confidence, where);
  const { backend, graphs } = await openChosen(wanted, { source, files, threads, signal });
  resources.use(graphs);
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
      turns,
    },
    [Symbol.asyncDispose]: async () => {
      await turns.idle();
      await kept[Symbol.asyncDispose]();
    },
  };
}

/** Compiles onnxruntime-web's module on other threads while the bundle's files are read. */
async function startWasm(threads: number): Promise<void> {
  await (await import("../runtime/wasm.ts")).startWasm(threads);
}

function conceptsOf(where: string, { decoder, files: names }: Manifest, files: BundleFiles): ConceptName[] | undefined {
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
  files: BundleFiles,
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
