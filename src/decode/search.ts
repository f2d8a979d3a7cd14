import type { Search as WasmSearch } from "../../crates/text/pkg/edgecap_text.js";
import { EdgecapError } from "../errors.ts";
import { loadedTextModule, type TextModule } from "../text/text_crate.ts";

/** How to search for the caption of one photo. */
export interface SearchOptions {
  /** Size of the vocabulary, 2 to 1048576. */
  readonly vocabulary: number;
  /** Number of beams, or of sampled captions if `temperature` is above 0; 1 (greedy) to 64. Default 1. */
  readonly beams?: number;
  /** Longest caption, in words, 1 to 1000. Default 20. */
  readonly maxWords?: number;
  /** Shortest caption, in words, 0 to `maxWords`. Default 0. */
  readonly minWords?: number;
  /** Alpha of `score = logProbability / length^alpha`, 0 to 10; the end counts as a word. Default 0. */
  readonly lengthPenalty?: number;
  /** A run of this many words occurs only once in a caption; 0 (off) to 1000. Default 0. */
  readonly noRepeatNgram?: number;
  /**
   * Words that may occur again, such as "a" and "in". If there are any, runs of only such words do not count for
   * `noRepeatNgram`, and no word occurs twice in a row. Default: none.
   */
  readonly repeatable?: Uint32Array;
  /**
   * Concepts that captions should name, at most 3: for each, its forms of 1 to 3 tokens, any of which names it anywhere
   * in the caption. The plain search runs as without them; further beams name one, two or three of them, together about
   * as many as `beams`. With few beams, an unfinished form of several words can be displaced by one begun later, and so
   * never be completed. Not with a `temperature` above 0. Default: none.
   */
  readonly required?: readonly (readonly Uint32Array[])[];
  /** Added to a caption's score for each required concept that it names, 0 to 1000. Default 0. */
  readonly conceptReward?: number;
  /**
   * Characters that each token adds to a caption, [vocabulary]. With them, words that have no room within
   * `maxCharacters` are left out, and there may be no caption at all. Not with a `temperature` above 0. Default: any
   * number of characters.
   */
  readonly characters?: Uint32Array;
  /** Most characters of a caption; only with `characters`. Default 0. */
  readonly maxCharacters?: number;
  /** With `characters`: least log-probability (natural) of an end; 0 or below. Default: any. */
  readonly leastEnd?: number;
  /** Token that the first step reads. Default 1. */
  readonly startId?: number;
  /** Token that ends a caption. Default 2. */
  readonly endId?: number;
  /** Tokens that are never words; `endId` cannot be one. Default 0 (padding), 1 (start) and 3 (unknown). */
  readonly banned?: Uint32Array;
  /** 0 searches for the most probable caption; above 0, up to 100, words are drawn at random. Default 0. */
  readonly temperature?: number;
  /** Draws only from this many most probable words; 0 is off. Default 0. */
  readonly topK?: number;
  /** Draws only from the most probable words that together have this probability, above 0 to 1; 1 is off. Default 1. */
  readonly topP?: number;
  /** Seed of the random numbers, a whole number from 0: the same seed draws the same words. Default 0. */
  readonly seed?: number;
}

/** A caption that the search found. */
export interface Hypothesis {
  /** Ids of its words, without start and end. */
  readonly tokens: Uint32Array;
  /**
   * Natural logarithm of its probability according to the raw model: the sum over its words and, if it finished, its
   * end.
   */
  readonly logProbability: number;
  /** Natural logarithm of each word's probability. */
  readonly wordLogProbabilities: Float32Array;
  /** Its rank: `logProbability / length^lengthPenalty`, plus the reward of concepts and later additions. */
  readonly score: number;
  /** Whether it ended by itself; otherwise `maxWords` cut it. */
  readonly finished: boolean;
  /** How many of the required concepts it names, 0 to 3. */
  readonly named: number;
}

/** The greatest 32-bit unsigned integer: a larger value would arrive in Rust as another number. */
const MOST = 0xffffffff;

/**
 * The search for the words of one caption: greedy, beam search or sampling. The caller runs the decoder graph:
 * feeds {@linkcode Search.tokens} to it with the states of {@linkcode Search.parents}, writes its logits into
 * {@linkcode Search.logits} and calls {@linkcode Search.advance}, until that returns false.
 *
 * Needs `await textModule()` once. Free it with `using`. The constructor allocates its memory in Rust;
 * steps do not allocate there.
 *
 * @throws {EdgecapError} `option-invalid`, naming the option, its value and its range.
 */
export class Search implements Disposable {
  readonly #module: TextModule;
  readonly #inner: WasmSearch;
  readonly #vocabulary: number;
  #freed = false;

  constructor(options: SearchOptions) {
    const {
      vocabulary,
      beams = 1,
      maxWords = 20,
      minWords = 0,
      lengthPenalty = 0,
      noRepeatNgram = 0,
      repeatable = new Uint32Array(),
      required = [],
      conceptReward = 0,
      characters = new Uint32Array(),
      maxCharacters = 0,
      leastEnd = Number.NEGATIVE_INFINITY,
      startId = 1,
      endId = 2,
      banned = Uint32Array.of(0, 1, 3).filter((id) => id < vocabulary && id !== endId),
      temperature = 0,
      topK = 0,
      topP = 1,
      seed = 0,
    } = options;
    const integers = { vocabulary, beams, maxWords, minWords, noRepeatNgram, startId, endId, topK, maxCharacters };
    for (const [name, value] of Object.entries(integers)) {
      if (Number.isInteger(value) && value >= 0 && value <= MOST) continue;
      throw new EdgecapError(
        "option-invalid",
        `The search option ${name} is ${value}: give a whole number from 0 to ${MOST}.`,
      );
    }
    this.#module = loadedTextModule();
    this.#vocabulary = vocabulary;
    const inner = new this.#module.SearchOptions();
    inner.sizes(vocabulary, beams, minWords, maxWords);
    inner.ends(startId, endId);
    inner.ranking(lengthPenalty, noRepeatNgram);
    inner.repeatable(repeatable);
    for (const forms of required) {
      inner.require(
        Uint32Array.from(forms.flatMap((form) => [...form])),
        Uint32Array.from(forms, ({ length }) => length),
      );
    }
    inner.reward(conceptReward);
    if (characters.length > 0) inner.limit(maxCharacters, characters, leastEnd);
    inner.sampling(temperature, topK, topP, seed);
    try {
      // This takes ownership of `inner`, even if it throws.
      this.#inner = new this.#module.Search(inner, banned);
    } catch (cause) {
      throw new EdgecapError("option-invalid", messageOf(cause), { cause });
    }
  }

  /**
   * Number of beams for the next step of the graph: 1 at first, then at most `beams`; with `required`, at most twice
   * that and 6.
   */
  live(): number {
    return this.#inner.live();
  }

  /** The token to feed to each live beam, [live]; a copy. */
  tokens(): Int32Array<ArrayBuffer> {
    const live = this.live();
    return new Int32Array(this.#module.memory.buffer, this.#inner.tokensAddress(), live).slice();
  }

  /** For each live beam, the beam of the previous step whose state it continues, [live]; a copy. Zeros at first. */
  parents(): Uint32Array<ArrayBuffer> {
    const live = this.live();
    return new Uint32Array(this.#module.memory.buffer, this.#inner.parentsAddress(), live).slice();
  }

  /**
   * The graph's logits, [live, vocabulary], for the caller to fill. A view of wasm memory: fill it at once,
   * because any other call into wasm can move the memory and leave the view empty.
   */
  logits(): Float32Array {
    const size = this.live() * this.#vocabulary;
    return new Float32Array(this.#module.memory.buffer, this.#inner.logitsAddress(), size);
  }

  /**
   * Processes the logits.
   *
   * @returns Whether there is more to do; once false, it stays false.
   * @throws {EdgecapError} `logits-invalid` if a logit is NaN or positive infinity, naming beam and token, or where
   *   no token may follow. The search is then unchanged.
   */
  advance(): boolean {
    try {
      return this.#inner.advance();
    } catch (cause) {
      throw new EdgecapError("logits-invalid", messageOf(cause), { cause });
    }
  }

  /**
   * The captions found, best first: those that ended, then those that were cut, each by descending score. No two of
   * them have the same words and the same ending.
   *
   * @param count Most captions to return; there are at most `beams`, and with `required` those of the other beams too.
   */
  results(count: number): Hypothesis[] {
    return this.#inner.results(count).map((hypothesis) => {
      const { tokens, logProbability, wordLogProbabilities, score, finished, named } = hypothesis;
      hypothesis.free();
      return { tokens, logProbability, wordLogProbabilities, score, finished, named };
    });
  }

  [Symbol.dispose](): void {
    if (!this.#freed) this.#inner.free();
    this.#freed = true;
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
