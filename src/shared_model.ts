import { isExecutable } from "#assets";
import { type BundleGraphs, checkShapes } from "./bundle/check_shapes.ts";
import { type BundleSource, type OpenBundle, openBundle } from "./bundle/load_bundle.ts";
import type { BundleFiles, Manifest } from "./bundle/manifest.ts";
import { chooseBackend, openGraphs } from "./choose_backend.ts";
import { type ConceptName, readConceptNames } from "./concepts/concept_names.ts";
import { NounFinder } from "./concepts/noun_table.ts";
import { ConfidenceModel } from "./confidence/confidence_model.ts";
import type { Neighbours } from "./decode/generate.ts";
import { EdgecapError, throwIfAborted } from "./errors.ts";
import { imageModule } from "./image/wasm.ts";
import { OneAtATime } from "./one_at_a_time.ts";
import { Resources } from "./resources.ts";
import { Datastore } from "./retrieval/datastore.ts";
import type { BackendChoice, BackendName } from "./runtime/backend.ts";
import { startWasm } from "./runtime/wasm.ts";
import { Vocabulary } from "./text/vocabulary.ts";
import { textModule } from "./text/wasm.ts";

/** A bundle ready to run: its graphs, its words, and the queue that its callers stand in. */
export interface Model {
  readonly manifest: Manifest;
  /** What executes the graphs. */
  readonly backend: BackendName;
  readonly graphs: BundleGraphs;
  readonly vocabulary: Vocabulary;
  /** Training photos that have a say in which beam wins, where the bundle has them. */
  readonly neighbours: Neighbours | undefined;
  /** Nouns that each photo is asked for, if the bundle has them. */
  readonly concepts: readonly ConceptName[] | undefined;
  /** Finds them in captions. */
  readonly finder: NounFinder | undefined;
  /** Says how likely a caption is right, if the bundle can tell. */
  readonly confidence: ConfidenceModel | undefined;
  /** Room for the encoder's input, [1, size, size, 3], of the picture whose turn it is: fresh memory is slow to get. */
  readonly pixels: Float32Array;
  /** Graphs run once at a time, however many captioners share them. */
  readonly turns: OneAtATime;
}

/** A caller's share of a model; disposing of the last one frees it. */
export interface ModelShare extends AsyncDisposable {
  readonly model: Model;
}

/** What {@linkcode shareModel} needs. */
export interface ModelOptions {
  readonly bundle: BundleSource;
  readonly threads: number;
  readonly backend: BackendChoice;
  readonly signal?: AbortSignal | undefined;
}

interface Entry {
  holders: number;
  readonly opening: Promise<OpenModel>;
}

interface OpenModel extends AsyncDisposable {
  readonly model: Model;
}

/**
 * The models that are loaded, by manifest, threads and backend: a manifest names its files by their hashes, so that two bundles
 * of the same manifest are the same bundle, and sessions are too large to hold twice.
 */
const loaded = new Map<string, Entry>();

/**
 * Loads a bundle, or shares what another caller has loaded of the same bundle.
 *
 * @throws {EdgecapError} `bundle-*`, `graph-failed`, `backend-*`, `self-test-failed` or `aborted`.
 */
export async function shareModel(options: ModelOptions): Promise<ModelShare> {
  const source = await openBundle(options.bundle, options.signal);
  const key = `${source.hash} ${options.threads} ${options.backend}`;
  for (;;) {
    throwIfAborted(options.signal);
    const entry = loaded.get(key) ?? begin(key, source, options);
    entry.holders++;
    try {
      const { model } = await entry.opening;
      return { model, [Symbol.asyncDispose]: once(() => release(key, entry)) };
    } catch (error) {
      // Whoever began the loading gave it up, and this caller did not.
      const abandoned = error instanceof EdgecapError && error.code === "aborted" && options.signal?.aborted !== true;
      if (!abandoned) throw error;
    }
  }
}

function begin(key: string, source: OpenBundle, options: ModelOptions): Entry {
  const opening = openModel(source, options).catch((error: unknown) => {
    loaded.delete(key);
    throw error;
  });
  const entry = { holders: 0, opening };
  loaded.set(key, entry);
  return entry;
}

async function release(key: string, entry: Entry): Promise<void> {
  entry.holders--;
  if (entry.holders > 0) return;
  loaded.delete(key);
  await (await entry.opening)[Symbol.asyncDispose]();
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

async function openModel(source: OpenBundle, { threads, backend: wanted, signal }: ModelOptions): Promise<OpenModel> {
  const { where, manifest } = source;
  // The first picture would wait for its decoder to be compiled, which other threads do meanwhile; where that fails, the
  // picture says so.
  imageModule().catch(() => {});
  // An executable has nothing else to choose.
  if (wanted === "wasm" || (wanted === "auto" && isExecutable)) startWasm(threads).catch(() => {});
  const [files] = await Promise.all([source.files(), textModule()]);
  throwIfAborted(signal);
  await using resources = new Resources();
  const vocabulary = resources.use(Vocabulary.parse(new TextDecoder().decode(files.vocabulary)));
  if (vocabulary.size !== manifest.decoder.vocabulary) {
    throw disagrees(
      where,
      `its vocabulary has ${vocabulary.size} entries and its manifest says ${manifest.decoder.vocabulary}`,
    );
  }
  const neighbours = neighboursOf(where, manifest, files);
  if (neighbours !== undefined) resources.use(neighbours.datastore);
  const concepts = conceptsOf(where, manifest, files);
  const finder = concepts && new NounFinder(concepts);
  const confidence = manifest.confidence && new ConfidenceModel(manifest.confidence, where);
  const backend = wanted === "auto" ? (await chooseBackend({ source, files, threads })).backend : wanted;
  throwIfAborted(signal);
  const graphs = resources.use(await openGraphs(files, backend, threads));
  checkShapes(where, manifest, graphs);
  throwIfAborted(signal);
  const kept = resources.move();
  const turns = new OneAtATime();
  const pixels = new Float32Array(3 * manifest.encoder.size ** 2);
  return {
    model: { manifest, backend, graphs, vocabulary, neighbours, concepts, finder, confidence, pixels, turns },
    [Symbol.asyncDispose]: async () => {
      await turns.idle();
      await kept[Symbol.asyncDispose]();
    },
  };
}

function conceptsOf(where: string, { decoder, files: names }: Manifest, files: BundleFiles): ConceptName[] | undefined {
  if (decoder.concepts === undefined) return undefined;
  if (files.concepts === undefined) {
    throw disagrees(where, "its manifest counts concepts, and names no file of them");
  }
  const file = `${where}/${names.concepts!.path}`;
  return readConceptNames(new TextDecoder().decode(files.concepts), file, decoder.concepts.nouns);
}

function disagrees(where: string, why: string): EdgecapError {
  return new EdgecapError(
    "bundle-shape-mismatch",
    `The bundle "${where}" disagrees with itself: ${why}. Export the bundle again.`,
  );
}

function neighboursOf(
  where: string,
  { generation, decoder, files: names }: Manifest,
  files: BundleFiles,
): Neighbours | undefined {
  const { neighbours } = generation;
  if (neighbours === undefined) return undefined;
  if (files.datastore === undefined) throw disagrees(where, "its manifest asks neighbours, and names no datastore");
  const datastore = new Datastore(files.datastore, `${where}/${names.datastore!.path}`, decoder.vocabulary);
  if (datastore.dimensions !== decoder.keys) {
    throw disagrees(
      where,
      `the vectors of its datastore have ${datastore.dimensions} numbers and those of its decoder ${decoder.keys}`,
    );
  }
  return { datastore, ...neighbours };
}
