import {
  Datastore,
  DatastoreParts,
  Hypothesis,
  initSync,
  ngramHashes,
  Search,
  SearchOptions,
  tokenize,
  tokenizeLines,
  Vocabulary,
} from "../../crates/text/pkg/edgecap_text.js";

/**
 * The crate in crates/text: its functions, its classes and its memory. The search's buffers are views of that memory.
 */
export interface TextModule {
  readonly memory: WebAssembly.Memory;
  readonly Datastore: typeof Datastore;
  readonly DatastoreParts: typeof DatastoreParts;
  readonly Hypothesis: typeof Hypothesis;
  readonly Search: typeof Search;
  readonly SearchOptions: typeof SearchOptions;
  readonly Vocabulary: typeof Vocabulary;
  readonly ngramHashes: typeof ngramHashes;
  readonly tokenize: typeof tokenize;
  readonly tokenizeLines: typeof tokenizeLines;
}

let loading: Promise<TextModule> | undefined;
let loaded: TextModule | undefined;

/**
 * Starts the text module; further calls share it.
 *
 * @param module Gives the module; called once.
 * @throws What that throws; the next call then tries again.
 */
export function startText(module: () => Promise<WebAssembly.Module>): Promise<TextModule> {
  loading ??= start(module).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function start(source: () => Promise<WebAssembly.Module>): Promise<TextModule> {
  const { memory } = initSync({ module: await source() });
  loaded = {
    memory,
    Datastore,
    DatastoreParts,
    Hypothesis,
    Search,
    SearchOptions,
    Vocabulary,
    ngramHashes,
    tokenize,
    tokenizeLines,
  };
  return loaded;
}

/**
 * The text module, which {@linkcode startText} must have started.
 *
 * @throws {Error} if it has not, which is a mistake of the program, not of its input.
 */
export function loadedTextModule(): TextModule {
  if (loaded === undefined) throw new Error("The text module is not loaded: await textModule() first.");
  return loaded;
}
