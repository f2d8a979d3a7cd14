import { isExecutable } from "#assets";
import { abortable } from "../async/abortable.ts";
import { type BundleSource, openBundle } from "../bundle/load_bundle.ts";
import type { LoadProgress, OpenBundle } from "../bundle/open_bundle.ts";
import { throwIfAborted } from "../errors.ts";
import { imageModule } from "../image/image_module.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { textModule } from "../text/text_module.ts";
import { likelyBackend } from "./choose_backend.ts";
import { openChosen } from "./open_chosen.ts";
import type { GraphFiles } from "./open_graphs.ts";
import { type Model, type OpenModel, openModel } from "./open_model.ts";

/** A caller's share of a model; the model is freed when the last share is disposed of. */
export interface ModelShare extends AsyncDisposable {
  readonly model: Model;
}

/** Options of {@linkcode shareModel}. */
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

/**
 * The models that are loaded, by manifest, threads and backend: a manifest contains the hashes of its files, so two
 * bundles with the same manifest are the same. Sessions are too large to have twice.
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
      // The caller who began loading was aborted, but this one was not.
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
  const opening = openOn(source, { ...options, onProgress }).catch((error: unknown) => {
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

async function openOn(source: OpenBundle, options: ModelOptions): Promise<OpenModel> {
  const { threads, backend: wanted, signal, onProgress } = options;
  // With more threads an executable measures which of its two backends is faster.
  if (wanted === "wasm" || (wanted === "auto" && isExecutable && threads > 1)) startWasm(threads).catch(() => {});
  const engine = {
    ...{ startText: textModule, imageModule },
    // The engine in Rust packs the weights of one file before it needs the next.
    readsAhead: source.isRemote || (wanted !== "rust" && wanted !== "auto"),
    warmUp: async (source: OpenBundle, files: GraphFiles, stop: AbortSignal) => {
      const backend = await likelyBackend(wanted, { source, files, threads, signal });
      await backend?.warmUp?.(stop);
    },
    openGraphs: (_: OpenBundle, files: GraphFiles) => openChosen(wanted, { source, files, threads, signal }),
  };
  return await openModel(source, engine, { signal, onProgress });
}

/** Compiles onnxruntime-web's module on other threads while the bundle's files are read. */
async function startWasm(threads: number): Promise<void> {
  await (await import("../runtime/wasm.ts")).startWasm(threads);
}
