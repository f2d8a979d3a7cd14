/* tslint:disable */
/* eslint-disable */

/**
 * Training photos with their captions.
 */
export class Datastore {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * How far captions, of `lengths` words one after another in `tokens`, agree with those of some photos.
     */
    consensus(tokens: Uint32Array, lengths: Uint32Array, photos: Uint32Array, end_id: number): Float64Array;
    /**
     * How similar a vector is to some photos: the mean cosine, -1 to 1.
     */
    likeness(vector: Float32Array, photos: Uint32Array): number;
    /**
     * The numbers of the photos nearest to a vector, nearest first.
     */
    nearest(vector: Float32Array, count: number): Uint32Array;
    /**
     * Puts the parts together.
     */
    constructor(parts: DatastoreParts, vocabulary: number);
}

/**
 * Content of a datastore's file.
 */
export class DatastoreParts {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * What people wrote under them.
     */
    captions(captions: Uint8Array, lengths: Uint8Array, tokens: Uint16Array): void;
    /**
     * An empty set of parts.
     */
    constructor();
    /**
     * How common n-grams are.
     */
    ngrams(ngrams: Uint32Array, frequencies: Uint16Array): void;
    /**
     * What photos are compared by.
     */
    photos(mean: Float32Array, scale: Float32Array, vectors: Int8Array): void;
}

/**
 * A caption that a search found.
 */
export class Hypothesis {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Whether it ended by itself.
     */
    readonly finished: boolean;
    /**
     * Natural log-probability.
     */
    readonly logProbability: number;
    /**
     * How many of the required concepts it names.
     */
    readonly named: number;
    /**
     * The score that it is ranked by.
     */
    readonly score: number;
    /**
     * Ids of its words.
     */
    readonly tokens: Uint32Array;
    /**
     * Natural log-probability of each word.
     */
    readonly wordLogProbabilities: Float32Array;
}

/**
 * The state of one search. JavaScript gets buffers as addresses in wasm memory, so that nothing is copied.
 */
export class Search {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Processes the logits; returns whether there is more to do.
     */
    advance(): boolean;
    /**
     * Number of beams to run the next step for.
     */
    live(): number;
    /**
     * Address of the `live * vocabulary` logits, 32-bit floats to be filled in.
     */
    logitsAddress(): number;
    /**
     * Begins a search in which the ids of `banned` are never words.
     */
    constructor(options: SearchOptions, banned: Uint32Array);
    /**
     * Address of the `live` parents, 32-bit integers.
     */
    parentsAddress(): number;
    /**
     * Up to `count` captions, best first.
     */
    results(count: number): Hypothesis[];
    /**
     * Address of the `live` tokens, 32-bit integers.
     */
    tokensAddress(): number;
}

/**
 * Options of a search; `search::SearchOptions` says what each means.
 */
export class SearchOptions {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Ids of the tokens that begin and end a caption.
     */
    ends(start_id: number, end_id: number): void;
    /**
     * Most characters of a caption, those that each token adds, and the least log-probability of an end.
     */
    limit(max_characters: number, characters: Uint32Array, least_end: number): void;
    /**
     * Options of a greedy search.
     */
    constructor();
    /**
     * Options of the search for the most probable caption.
     */
    ranking(length_penalty: number, no_repeat_ngram: number): void;
    /**
     * Words that may repeat: `no_repeat_ngram` does not forbid runs of only such words.
     */
    repeatable(words: Uint32Array): void;
    /**
     * Adds a required concept: its forms have `lengths` tokens, one after another in `tokens`.
     */
    require(tokens: Uint32Array, lengths: Uint32Array): void;
    /**
     * What each required concept that a caption names adds to its score.
     */
    reward(concept_reward: number): void;
    /**
     * Options of drawing words.
     */
    sampling(temperature: number, top_k: number, top_p: number, seed: number): void;
    /**
     * Sizes: tokens of the vocabulary, beams, and the words of a caption.
     */
    sizes(vocabulary: number, beams: number, min_words: number, max_words: number): void;
}

/**
 * Words and their ids.
 */
export class Vocabulary {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The words that occur at least `minimum_count` times in `captions`, by falling count.
     */
    static build(captions: string[], minimum_count: number): Vocabulary;
    /**
     * The words of `ids`.
     */
    decode(ids: Uint32Array): string[];
    /**
     * The ids of `words`.
     */
    encode(words: string[]): Uint32Array;
    /**
     * Reads one entry per line.
     */
    static parse(text: string): Vocabulary;
    /**
     * One entry per line, in the order of the ids.
     */
    serialise(): string;
    /**
     * The word of `id`.
     */
    word(id: number): string | undefined;
    /**
     * Number of entries, including the special ones.
     */
    readonly size: number;
}

/**
 * Hashes of the n-grams of a caption, of 1 to 4 words, each as often as it occurs; `end_id` is appended to the words.
 */
export function ngramHashes(tokens: Uint32Array, end_id: number): Uint32Array;

/**
 * The tokens of `text` in lower case, without punctuation and white space.
 */
export function tokenize(text: string): string[];

/**
 * The tokens of every line of `text` with blanks between them, one line for each line. Faster than one call per line
 * if there are many.
 */
export function tokenizeLines(text: string): string;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_datastore_free: (a: number, b: number) => void;
    readonly __wbg_datastoreparts_free: (a: number, b: number) => void;
    readonly __wbg_hypothesis_free: (a: number, b: number) => void;
    readonly __wbg_search_free: (a: number, b: number) => void;
    readonly __wbg_searchoptions_free: (a: number, b: number) => void;
    readonly __wbg_vocabulary_free: (a: number, b: number) => void;
    readonly datastore_consensus: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => [number, number];
    readonly datastore_likeness: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly datastore_nearest: (a: number, b: number, c: number, d: number) => [number, number];
    readonly datastore_new: (a: number, b: number) => [number, number, number];
    readonly datastoreparts_captions: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => void;
    readonly datastoreparts_new: () => number;
    readonly datastoreparts_ngrams: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly datastoreparts_photos: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => void;
    readonly hypothesis_finished: (a: number) => number;
    readonly hypothesis_logProbability: (a: number) => number;
    readonly hypothesis_named: (a: number) => number;
    readonly hypothesis_score: (a: number) => number;
    readonly hypothesis_tokens: (a: number) => [number, number];
    readonly hypothesis_wordLogProbabilities: (a: number) => [number, number];
    readonly ngramHashes: (a: number, b: number, c: number) => [number, number];
    readonly search_advance: (a: number) => [number, number, number];
    readonly search_live: (a: number) => number;
    readonly search_logitsAddress: (a: number) => number;
    readonly search_new: (a: number, b: number, c: number) => [number, number, number];
    readonly search_parentsAddress: (a: number) => number;
    readonly search_results: (a: number, b: number) => [number, number];
    readonly search_tokensAddress: (a: number) => number;
    readonly searchoptions_ends: (a: number, b: number, c: number) => void;
    readonly searchoptions_limit: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly searchoptions_new: () => number;
    readonly searchoptions_ranking: (a: number, b: number, c: number) => void;
    readonly searchoptions_repeatable: (a: number, b: number, c: number) => void;
    readonly searchoptions_require: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly searchoptions_reward: (a: number, b: number) => void;
    readonly searchoptions_sampling: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly searchoptions_sizes: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly tokenize: (a: number, b: number) => [number, number];
    readonly tokenizeLines: (a: number, b: number) => [number, number];
    readonly vocabulary_build: (a: number, b: number, c: number) => number;
    readonly vocabulary_decode: (a: number, b: number, c: number) => [number, number, number, number];
    readonly vocabulary_encode: (a: number, b: number, c: number) => [number, number];
    readonly vocabulary_parse: (a: number, b: number) => [number, number, number];
    readonly vocabulary_serialise: (a: number) => [number, number];
    readonly vocabulary_size: (a: number) => number;
    readonly vocabulary_word: (a: number, b: number) => [number, number];
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __externref_drop_slice: (a: number, b: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
