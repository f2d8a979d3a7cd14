/* @ts-self-types="./edgecap_text.d.ts" */

/**
 * Training photos with their captions.
 */
export class Datastore {
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        DatastoreFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_datastore_free(ptr, 0);
    }
    /**
     * How far captions, of `lengths` words one after another in `tokens`, agree with those of some photos.
     * @param {Uint32Array} tokens
     * @param {Uint32Array} lengths
     * @param {Uint32Array} photos
     * @param {number} end_id
     * @returns {Float64Array}
     */
    consensus(tokens, lengths, photos, end_id) {
        const ptr0 = passArray32ToWasm0(tokens, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ptr1 = passArray32ToWasm0(lengths, wasm.__wbindgen_malloc);
        const len1 = WASM_VECTOR_LEN;
        const ptr2 = passArray32ToWasm0(photos, wasm.__wbindgen_malloc);
        const len2 = WASM_VECTOR_LEN;
        const ret = wasm.datastore_consensus(this.__wbg_ptr, ptr0, len0, ptr1, len1, ptr2, len2, end_id);
        var v4 = getArrayF64FromWasm0(ret[0], ret[1]).slice();
        wasm.__wbindgen_free(ret[0], ret[1] * 8, 8);
        return v4;
    }
    /**
     * How similar a vector is to some photos: the mean cosine, -1 to 1.
     * @param {Float32Array} vector
     * @param {Uint32Array} photos
     * @returns {number}
     */
    likeness(vector, photos) {
        const ptr0 = passArrayF32ToWasm0(vector, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ptr1 = passArray32ToWasm0(photos, wasm.__wbindgen_malloc);
        const len1 = WASM_VECTOR_LEN;
        const ret = wasm.datastore_likeness(this.__wbg_ptr, ptr0, len0, ptr1, len1);
        return ret;
    }
    /**
     * The numbers of the photos nearest to a vector, nearest first.
     * @param {Float32Array} vector
     * @param {number} count
     * @returns {Uint32Array}
     */
    nearest(vector, count) {
        const ptr0 = passArrayF32ToWasm0(vector, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.datastore_nearest(this.__wbg_ptr, ptr0, len0, count);
        var v2 = getArrayU32FromWasm0(ret[0], ret[1]).slice();
        wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
        return v2;
    }
    /**
     * Puts the parts together.
     * @param {DatastoreParts} parts
     * @param {number} vocabulary
     */
    constructor(parts, vocabulary) {
        _assertClass(parts, DatastoreParts);
        var ptr0 = parts.__destroy_into_raw();
        const ret = wasm.datastore_new(ptr0, vocabulary);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        this.__wbg_ptr = ret[0];
        DatastoreFinalization.register(this, this.__wbg_ptr, this);
        return this;
    }
}
if (Symbol.dispose) Datastore.prototype[Symbol.dispose] = Datastore.prototype.free;

/**
 * Content of a datastore's file.
 */
export class DatastoreParts {
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        DatastorePartsFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_datastoreparts_free(ptr, 0);
    }
    /**
     * What people wrote under them.
     * @param {Uint8Array} captions
     * @param {Uint8Array} lengths
     * @param {Uint16Array} tokens
     */
    captions(captions, lengths, tokens) {
        const ptr0 = passArray8ToWasm0(captions, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ptr1 = passArray8ToWasm0(lengths, wasm.__wbindgen_malloc);
        const len1 = WASM_VECTOR_LEN;
        const ptr2 = passArray16ToWasm0(tokens, wasm.__wbindgen_malloc);
        const len2 = WASM_VECTOR_LEN;
        wasm.datastoreparts_captions(this.__wbg_ptr, ptr0, len0, ptr1, len1, ptr2, len2);
    }
    /**
     * An empty set of parts.
     */
    constructor() {
        const ret = wasm.datastoreparts_new();
        this.__wbg_ptr = ret;
        DatastorePartsFinalization.register(this, this.__wbg_ptr, this);
        return this;
    }
    /**
     * How common n-grams are.
     * @param {Uint32Array} ngrams
     * @param {Uint16Array} frequencies
     */
    ngrams(ngrams, frequencies) {
        const ptr0 = passArray32ToWasm0(ngrams, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ptr1 = passArray16ToWasm0(frequencies, wasm.__wbindgen_malloc);
        const len1 = WASM_VECTOR_LEN;
        wasm.datastoreparts_ngrams(this.__wbg_ptr, ptr0, len0, ptr1, len1);
    }
    /**
     * What photos are compared by.
     * @param {Float32Array} mean
     * @param {Float32Array} scale
     * @param {Int8Array} vectors
     */
    photos(mean, scale, vectors) {
        const ptr0 = passArrayF32ToWasm0(mean, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ptr1 = passArrayF32ToWasm0(scale, wasm.__wbindgen_malloc);
        const len1 = WASM_VECTOR_LEN;
        const ptr2 = passArray8ToWasm0(vectors, wasm.__wbindgen_malloc);
        const len2 = WASM_VECTOR_LEN;
        wasm.datastoreparts_photos(this.__wbg_ptr, ptr0, len0, ptr1, len1, ptr2, len2);
    }
}
if (Symbol.dispose) DatastoreParts.prototype[Symbol.dispose] = DatastoreParts.prototype.free;

/**
 * A caption that a search found.
 */
export class Hypothesis {
    static __wrap(ptr) {
        const obj = Object.create(Hypothesis.prototype);
        obj.__wbg_ptr = ptr;
        HypothesisFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        HypothesisFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_hypothesis_free(ptr, 0);
    }
    /**
     * Whether it ended by itself.
     * @returns {boolean}
     */
    get finished() {
        const ret = wasm.hypothesis_finished(this.__wbg_ptr);
        return ret !== 0;
    }
    /**
     * Natural log-probability.
     * @returns {number}
     */
    get logProbability() {
        const ret = wasm.hypothesis_logProbability(this.__wbg_ptr);
        return ret;
    }
    /**
     * How many of the required concepts it names.
     * @returns {number}
     */
    get named() {
        const ret = wasm.hypothesis_named(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * The score that it is ranked by.
     * @returns {number}
     */
    get score() {
        const ret = wasm.hypothesis_score(this.__wbg_ptr);
        return ret;
    }
    /**
     * Ids of its words.
     * @returns {Uint32Array}
     */
    get tokens() {
        const ret = wasm.hypothesis_tokens(this.__wbg_ptr);
        var v1 = getArrayU32FromWasm0(ret[0], ret[1]).slice();
        wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
        return v1;
    }
    /**
     * Natural log-probability of each word.
     * @returns {Float32Array}
     */
    get wordLogProbabilities() {
        const ret = wasm.hypothesis_wordLogProbabilities(this.__wbg_ptr);
        var v1 = getArrayF32FromWasm0(ret[0], ret[1]).slice();
        wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
        return v1;
    }
}
if (Symbol.dispose) Hypothesis.prototype[Symbol.dispose] = Hypothesis.prototype.free;

/**
 * The state of one search. JavaScript gets buffers as addresses in wasm memory, so that nothing is copied.
 */
export class Search {
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        SearchFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_search_free(ptr, 0);
    }
    /**
     * Processes the logits; returns whether there is more to do.
     * @returns {boolean}
     */
    advance() {
        const ret = wasm.search_advance(this.__wbg_ptr);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return ret[0] !== 0;
    }
    /**
     * Number of beams to run the next step for.
     * @returns {number}
     */
    live() {
        const ret = wasm.search_live(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * Address of the `live * vocabulary` logits, 32-bit floats to be filled in.
     * @returns {number}
     */
    logitsAddress() {
        const ret = wasm.search_logitsAddress(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * Begins a search in which the ids of `banned` are never words.
     * @param {SearchOptions} options
     * @param {Uint32Array} banned
     */
    constructor(options, banned) {
        _assertClass(options, SearchOptions);
        var ptr0 = options.__destroy_into_raw();
        const ptr1 = passArray32ToWasm0(banned, wasm.__wbindgen_malloc);
        const len1 = WASM_VECTOR_LEN;
        const ret = wasm.search_new(ptr0, ptr1, len1);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        this.__wbg_ptr = ret[0];
        SearchFinalization.register(this, this.__wbg_ptr, this);
        return this;
    }
    /**
     * Address of the `live` parents, 32-bit integers.
     * @returns {number}
     */
    parentsAddress() {
        const ret = wasm.search_parentsAddress(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * Up to `count` captions, best first.
     * @param {number} count
     * @returns {Hypothesis[]}
     */
    results(count) {
        const ret = wasm.search_results(this.__wbg_ptr, count);
        var v1 = getArrayJsValueFromWasm0(ret[0], ret[1]);
        wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
        return v1;
    }
    /**
     * Address of the `live` tokens, 32-bit integers.
     * @returns {number}
     */
    tokensAddress() {
        const ret = wasm.search_tokensAddress(this.__wbg_ptr);
        return ret >>> 0;
    }
}
if (Symbol.dispose) Search.prototype[Symbol.dispose] = Search.prototype.free;

/**
 * Options of a search; `search::SearchOptions` says what each means.
 */
export class SearchOptions {
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        SearchOptionsFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_searchoptions_free(ptr, 0);
    }
    /**
     * Ids of the tokens that begin and end a caption.
     * @param {number} start_id
     * @param {number} end_id
     */
    ends(start_id, end_id) {
        wasm.searchoptions_ends(this.__wbg_ptr, start_id, end_id);
    }
    /**
     * Most characters of a caption, those that each token adds, and the least log-probability of an end.
     * @param {number} max_characters
     * @param {Uint32Array} characters
     * @param {number} least_end
     */
    limit(max_characters, characters, least_end) {
        const ptr0 = passArray32ToWasm0(characters, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        wasm.searchoptions_limit(this.__wbg_ptr, max_characters, ptr0, len0, least_end);
    }
    /**
     * Options of a greedy search.
     */
    constructor() {
        const ret = wasm.searchoptions_new();
        this.__wbg_ptr = ret;
        SearchOptionsFinalization.register(this, this.__wbg_ptr, this);
        return this;
    }
    /**
     * Options of the search for the most probable caption.
     * @param {number} length_penalty
     * @param {number} no_repeat_ngram
     */
    ranking(length_penalty, no_repeat_ngram) {
        wasm.searchoptions_ranking(this.__wbg_ptr, length_penalty, no_repeat_ngram);
    }
    /**
     * Words that may repeat: `no_repeat_ngram` does not forbid runs of only such words.
     * @param {Uint32Array} words
     */
    repeatable(words) {
        const ptr0 = passArray32ToWasm0(words, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        wasm.searchoptions_repeatable(this.__wbg_ptr, ptr0, len0);
    }
    /**
     * Adds a required concept: its forms have `lengths` tokens, one after another in `tokens`.
     * @param {Uint32Array} tokens
     * @param {Uint32Array} lengths
     */
    require(tokens, lengths) {
        const ptr0 = passArray32ToWasm0(tokens, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ptr1 = passArray32ToWasm0(lengths, wasm.__wbindgen_malloc);
        const len1 = WASM_VECTOR_LEN;
        wasm.searchoptions_require(this.__wbg_ptr, ptr0, len0, ptr1, len1);
    }
    /**
     * What each required concept that a caption names adds to its score.
     * @param {number} concept_reward
     */
    reward(concept_reward) {
        wasm.searchoptions_reward(this.__wbg_ptr, concept_reward);
    }
    /**
     * Options of drawing words.
     * @param {number} temperature
     * @param {number} top_k
     * @param {number} top_p
     * @param {number} seed
     */
    sampling(temperature, top_k, top_p, seed) {
        wasm.searchoptions_sampling(this.__wbg_ptr, temperature, top_k, top_p, seed);
    }
    /**
     * Sizes: tokens of the vocabulary, beams, and the words of a caption.
     * @param {number} vocabulary
     * @param {number} beams
     * @param {number} min_words
     * @param {number} max_words
     */
    sizes(vocabulary, beams, min_words, max_words) {
        wasm.searchoptions_sizes(this.__wbg_ptr, vocabulary, beams, min_words, max_words);
    }
}
if (Symbol.dispose) SearchOptions.prototype[Symbol.dispose] = SearchOptions.prototype.free;

/**
 * Words and their ids.
 */
export class Vocabulary {
    static __wrap(ptr) {
        const obj = Object.create(Vocabulary.prototype);
        obj.__wbg_ptr = ptr;
        VocabularyFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        VocabularyFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_vocabulary_free(ptr, 0);
    }
    /**
     * The words that occur at least `minimum_count` times in `captions`, by falling count.
     * @param {string[]} captions
     * @param {number} minimum_count
     * @returns {Vocabulary}
     */
    static build(captions, minimum_count) {
        const ptr0 = passArrayJsValueToWasm0(captions, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.vocabulary_build(ptr0, len0, minimum_count);
        return Vocabulary.__wrap(ret);
    }
    /**
     * The words of `ids`.
     * @param {Uint32Array} ids
     * @returns {string[]}
     */
    decode(ids) {
        const ptr0 = passArray32ToWasm0(ids, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.vocabulary_decode(this.__wbg_ptr, ptr0, len0);
        if (ret[3]) {
            throw takeFromExternrefTable0(ret[2]);
        }
        var v2 = getArrayJsValueFromWasm0(ret[0], ret[1]);
        wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
        return v2;
    }
    /**
     * The ids of `words`.
     * @param {string[]} words
     * @returns {Uint32Array}
     */
    encode(words) {
        const ptr0 = passArrayJsValueToWasm0(words, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.vocabulary_encode(this.__wbg_ptr, ptr0, len0);
        var v2 = getArrayU32FromWasm0(ret[0], ret[1]).slice();
        wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
        return v2;
    }
    /**
     * Reads one entry per line.
     * @param {string} text
     * @returns {Vocabulary}
     */
    static parse(text) {
        const ptr0 = passStringToWasm0(text, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.vocabulary_parse(ptr0, len0);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return Vocabulary.__wrap(ret[0]);
    }
    /**
     * One entry per line, in the order of the ids.
     * @returns {string}
     */
    serialise() {
        let deferred1_0;
        let deferred1_1;
        try {
            const ret = wasm.vocabulary_serialise(this.__wbg_ptr);
            deferred1_0 = ret[0];
            deferred1_1 = ret[1];
            return getStringFromWasm0(ret[0], ret[1]);
        } finally {
            wasm.__wbindgen_free(deferred1_0, deferred1_1, 1);
        }
    }
    /**
     * Number of entries, including the special ones.
     * @returns {number}
     */
    get size() {
        const ret = wasm.vocabulary_size(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * The word of `id`.
     * @param {number} id
     * @returns {string | undefined}
     */
    word(id) {
        const ret = wasm.vocabulary_word(this.__wbg_ptr, id);
        let v1;
        if (ret[0] !== 0) {
            v1 = getStringFromWasm0(ret[0], ret[1]);
            wasm.__wbindgen_free(ret[0], ret[1] * 1, 1);
        }
        return v1;
    }
}
if (Symbol.dispose) Vocabulary.prototype[Symbol.dispose] = Vocabulary.prototype.free;

/**
 * Hashes of the n-grams of a caption, of 1 to 4 words, each as often as it occurs; `end_id` is appended to the words.
 * @param {Uint32Array} tokens
 * @param {number} end_id
 * @returns {Uint32Array}
 */
export function ngramHashes(tokens, end_id) {
    const ptr0 = passArray32ToWasm0(tokens, wasm.__wbindgen_malloc);
    const len0 = WASM_VECTOR_LEN;
    const ret = wasm.ngramHashes(ptr0, len0, end_id);
    var v2 = getArrayU32FromWasm0(ret[0], ret[1]).slice();
    wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
    return v2;
}

/**
 * The tokens of `text` in lower case, without punctuation and white space.
 * @param {string} text
 * @returns {string[]}
 */
export function tokenize(text) {
    const ptr0 = passStringToWasm0(text, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    const len0 = WASM_VECTOR_LEN;
    const ret = wasm.tokenize(ptr0, len0);
    var v2 = getArrayJsValueFromWasm0(ret[0], ret[1]);
    wasm.__wbindgen_free(ret[0], ret[1] * 4, 4);
    return v2;
}

/**
 * The tokens of every line of `text` with blanks between them, one line for each line. Faster than one call per line
 * if there are many.
 * @param {string} text
 * @returns {string}
 */
export function tokenizeLines(text) {
    let deferred2_0;
    let deferred2_1;
    try {
        const ptr0 = passStringToWasm0(text, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.tokenizeLines(ptr0, len0);
        deferred2_0 = ret[0];
        deferred2_1 = ret[1];
        return getStringFromWasm0(ret[0], ret[1]);
    } finally {
        wasm.__wbindgen_free(deferred2_0, deferred2_1, 1);
    }
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_Error_30c8987f7c2ed4e2: function(arg0, arg1) {
            const ret = Error(getStringFromWasm0(arg0, arg1));
            return ret;
        },
        __wbg___wbindgen_string_get_0380ccaa2f57f0d9: function(arg0, arg1) {
            const obj = arg1;
            const ret = typeof(obj) === 'string' ? obj : undefined;
            var ptr1 = isLikeNone(ret) ? 0 : passStringToWasm0(ret, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            var len1 = WASM_VECTOR_LEN;
            getDataViewMemory0().setInt32(arg0 + 4 * 1, len1, true);
            getDataViewMemory0().setInt32(arg0 + 4 * 0, ptr1, true);
        },
        __wbg___wbindgen_throw_41e9ee4f547fc59a: function(arg0, arg1) {
            throw new Error(getStringFromWasm0(arg0, arg1));
        },
        __wbg_hypothesis_new: function(arg0) {
            const ret = Hypothesis.__wrap(arg0);
            return ret;
        },
        __wbindgen_generic_0000000000000001: function(arg0, arg1) {
            // Cast intrinsic for `Ref(String) -> Externref`.
            const ret = getStringFromWasm0(arg0, arg1);
            return ret;
        },
        __wbindgen_init_externref_table: function() {
            const table = wasm.__wbindgen_externrefs;
            const offset = table.grow(4);
            table.set(0, undefined);
            table.set(offset + 0, undefined);
            table.set(offset + 1, null);
            table.set(offset + 2, true);
            table.set(offset + 3, false);
        },
    };
    return {
        __proto__: null,
        "./edgecap_text_bg.js": import0,
    };
}

const DatastoreFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_datastore_free(ptr, 1));
const DatastorePartsFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_datastoreparts_free(ptr, 1));
const HypothesisFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_hypothesis_free(ptr, 1));
const SearchFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_search_free(ptr, 1));
const SearchOptionsFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_searchoptions_free(ptr, 1));
const VocabularyFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_vocabulary_free(ptr, 1));

function addToExternrefTable0(obj) {
    const idx = wasm.__externref_table_alloc();
    wasm.__wbindgen_externrefs.set(idx, obj);
    return idx;
}

function _assertClass(instance, klass) {
    if (!(instance instanceof klass)) {
        throw new Error(`expected instance of ${klass.name}`);
    }
}

function getArrayF32FromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return getFloat32ArrayMemory0().subarray(ptr / 4, ptr / 4 + len);
}

function getArrayF64FromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return getFloat64ArrayMemory0().subarray(ptr / 8, ptr / 8 + len);
}

function getArrayJsValueFromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    const mem = getDataViewMemory0();
    const result = [];
    for (let i = ptr; i < ptr + 4 * len; i += 4) {
        result.push(wasm.__wbindgen_externrefs.get(mem.getUint32(i, true)));
    }
    wasm.__externref_drop_slice(ptr, len);
    return result;
}

function getArrayU32FromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return getUint32ArrayMemory0().subarray(ptr / 4, ptr / 4 + len);
}

let cachedDataViewMemory0 = null;
function getDataViewMemory0() {
    if (cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)) {
        cachedDataViewMemory0 = new DataView(wasm.memory.buffer);
    }
    return cachedDataViewMemory0;
}

let cachedFloat32ArrayMemory0 = null;
function getFloat32ArrayMemory0() {
    if (cachedFloat32ArrayMemory0 === null || cachedFloat32ArrayMemory0.byteLength === 0) {
        cachedFloat32ArrayMemory0 = new Float32Array(wasm.memory.buffer);
    }
    return cachedFloat32ArrayMemory0;
}

let cachedFloat64ArrayMemory0 = null;
function getFloat64ArrayMemory0() {
    if (cachedFloat64ArrayMemory0 === null || cachedFloat64ArrayMemory0.byteLength === 0) {
        cachedFloat64ArrayMemory0 = new Float64Array(wasm.memory.buffer);
    }
    return cachedFloat64ArrayMemory0;
}

function getStringFromWasm0(ptr, len) {
    return decodeText(ptr >>> 0, len);
}

let cachedUint16ArrayMemory0 = null;
function getUint16ArrayMemory0() {
    if (cachedUint16ArrayMemory0 === null || cachedUint16ArrayMemory0.byteLength === 0) {
        cachedUint16ArrayMemory0 = new Uint16Array(wasm.memory.buffer);
    }
    return cachedUint16ArrayMemory0;
}

let cachedUint32ArrayMemory0 = null;
function getUint32ArrayMemory0() {
    if (cachedUint32ArrayMemory0 === null || cachedUint32ArrayMemory0.byteLength === 0) {
        cachedUint32ArrayMemory0 = new Uint32Array(wasm.memory.buffer);
    }
    return cachedUint32ArrayMemory0;
}

let cachedUint8ArrayMemory0 = null;
function getUint8ArrayMemory0() {
    if (cachedUint8ArrayMemory0 === null || cachedUint8ArrayMemory0.byteLength === 0) {
        cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer);
    }
    return cachedUint8ArrayMemory0;
}

function isLikeNone(x) {
    return x === undefined || x === null;
}

function passArray16ToWasm0(arg, malloc) {
    const ptr = malloc(arg.length * 2, 2) >>> 0;
    getUint16ArrayMemory0().set(arg, ptr / 2);
    WASM_VECTOR_LEN = arg.length;
    return ptr;
}

function passArray32ToWasm0(arg, malloc) {
    const ptr = malloc(arg.length * 4, 4) >>> 0;
    getUint32ArrayMemory0().set(arg, ptr / 4);
    WASM_VECTOR_LEN = arg.length;
    return ptr;
}

function passArray8ToWasm0(arg, malloc) {
    const ptr = malloc(arg.length * 1, 1) >>> 0;
    getUint8ArrayMemory0().set(arg, ptr / 1);
    WASM_VECTOR_LEN = arg.length;
    return ptr;
}

function passArrayF32ToWasm0(arg, malloc) {
    const ptr = malloc(arg.length * 4, 4) >>> 0;
    getFloat32ArrayMemory0().set(arg, ptr / 4);
    WASM_VECTOR_LEN = arg.length;
    return ptr;
}

function passArrayJsValueToWasm0(array, malloc) {
    const ptr = malloc(array.length * 4, 4) >>> 0;
    for (let i = 0; i < array.length; i++) {
        const add = addToExternrefTable0(array[i]);
        getDataViewMemory0().setUint32(ptr + 4 * i, add, true);
    }
    WASM_VECTOR_LEN = array.length;
    return ptr;
}

function passStringToWasm0(arg, malloc, realloc) {
    if (realloc === undefined) {
        const buf = cachedTextEncoder.encode(arg);
        const ptr = malloc(buf.length, 1) >>> 0;
        getUint8ArrayMemory0().subarray(ptr, ptr + buf.length).set(buf);
        WASM_VECTOR_LEN = buf.length;
        return ptr;
    }

    let len = arg.length;
    let ptr = malloc(len, 1) >>> 0;

    const mem = getUint8ArrayMemory0();

    let offset = 0;

    for (; offset < len; offset++) {
        const code = arg.charCodeAt(offset);
        if (code > 0x7F) break;
        mem[ptr + offset] = code;
    }
    if (offset !== len) {
        if (offset !== 0) {
            arg = arg.slice(offset);
        }
        ptr = realloc(ptr, len, len = offset + arg.length * 3, 1) >>> 0;
        const view = getUint8ArrayMemory0().subarray(ptr + offset, ptr + len);
        const ret = cachedTextEncoder.encodeInto(arg, view);

        offset += ret.written;
        ptr = realloc(ptr, len, offset, 1) >>> 0;
    }

    WASM_VECTOR_LEN = offset;
    return ptr;
}

function takeFromExternrefTable0(idx) {
    const value = wasm.__wbindgen_externrefs.get(idx);
    wasm.__externref_table_dealloc(idx);
    return value;
}

let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
cachedTextDecoder.decode();
const MAX_SAFARI_DECODE_BYTES = 2146435072;
let numBytesDecoded = 0;
function decodeText(ptr, len) {
    numBytesDecoded += len;
    if (numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {
        cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
        cachedTextDecoder.decode();
        numBytesDecoded = len;
    }
    return cachedTextDecoder.decode(getUint8ArrayMemory0().subarray(ptr, ptr + len));
}

const cachedTextEncoder = new TextEncoder();

if (!('encodeInto' in cachedTextEncoder)) {
    cachedTextEncoder.encodeInto = function (arg, view) {
        const buf = cachedTextEncoder.encode(arg);
        view.set(buf);
        return {
            read: arg.length,
            written: buf.length
        };
    };
}

let WASM_VECTOR_LEN = 0;

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    cachedDataViewMemory0 = null;
    cachedFloat32ArrayMemory0 = null;
    cachedFloat64ArrayMemory0 = null;
    cachedUint16ArrayMemory0 = null;
    cachedUint32ArrayMemory0 = null;
    cachedUint8ArrayMemory0 = null;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;


    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }

    if (module_or_path === undefined) {
        module_or_path = new URL('edgecap_text_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
