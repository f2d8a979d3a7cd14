import { EdgecapError, throwIfAborted } from "../errors.ts";
import { nextTurn } from "./next_turn.ts";
import { Prefixes } from "./prefixes.ts";
import { type Hypothesis, Search, type SearchOptions } from "./search.ts";

/** A caption that was generated. */
export interface GeneratedCaption extends Hypothesis {
  /** Where the decoder looked for each word, [words][regions], each map with the sum 1; only where asked for. */
  readonly attention?: readonly Float32Array[];
}

/** A word that no caption which can still win disagrees with. */
export interface DecidedWord {
  readonly token: number;
  /** Natural logarithm of its probability. */
  readonly logProbability: number;
  /** Where the decoder looked for it, [regions]; only where asked for. */
  readonly attention?: Float32Array;
}

/** How to generate: the search's options, and how many captions are wanted. */
export interface GenerateOptions extends SearchOptions {
  /** Captions wanted, at most `beams`. */
  readonly count: number;
  /** Whether attention maps are wanted. Default false. */
  readonly attention?: boolean;
  /**
   * What is added to the score of each caption that the search found, once it has ended: of all its beams the one with
   * the best sum wins. Default: nothing.
   */
  readonly rescore?: (captions: readonly Uint32Array[]) => ArrayLike<number>;
  /** Called with each word of the best caption as soon as it is decided, in their order. */
  readonly onWord?: (word: DecidedWord) => void;
  readonly signal?: AbortSignal;
}

/** More captions than any search finds. */
const everyCaption = 1024;

/** What a decoder says after one more word of each live beam. */
export interface DecoderStep {
  /** [live, vocabulary], row by row. */
  readonly logits: Float32Array;
  /** Where it looked, [live, regions], row by row; of decoders that have attention over regions. */
  readonly attention?: Float32Array | undefined;
}

/**
 * Searches for the captions of one photo: the search says which words to try, `step` how likely the next ones are.
 *
 * @param step Runs the decoder on the word of each live beam, `tokens` [live], in the state after `parents` [live],
 *   beams of the step before.
 * @returns Up to `count` captions, best first.
 * @throws {EdgecapError} `option-invalid`, `logits-invalid` or `aborted`, and what `step` throws.
 */
export async function searchCaptions(
  step: (tokens: Int32Array, parents: Uint32Array) => Promise<DecoderStep>,
  options: GenerateOptions,
): Promise<GeneratedCaption[]> {
  using search = new Search(options);
  const prefixes = new Prefixes();
  const withAttention = (hypothesis: Hypothesis): GeneratedCaption =>
    options.attention === true ? { ...hypothesis, attention: prefixes.attention(hypothesis.tokens) } : hypothesis;
  let decided = 0;
  const decide = (hypothesis: Hypothesis, agreed: number): void => {
    if (options.onWord === undefined || decided >= agreed) return;
    const { tokens, wordLogProbabilities, attention } = withAttention(hypothesis);
    for (; decided < agreed; decided++) {
      options.onWord({
        token: tokens[decided]!,
        logProbability: wordLogProbabilities[decided]!,
        ...(attention && { attention: attention[decided]! }),
      });
    }
  };
  let more = true;
  while (more) {
    // Graphs never leave the thread by themselves: without a turn of the event loop no signal could be aborted.
    await nextTurn();
    throwIfAborted(options.signal);
    const { logits, attention } = await step(search.tokens(), search.parents());
    if (options.attention === true) {
      if (attention === undefined) throw noAttention();
      prefixes.attend(attention);
    }
    search.logits().set(logits);
    more = search.advance();
    prefixes.extend(search.tokens(), search.parents());
    if (options.onWord === undefined || !more) continue;
    const [best, ...others] = search.results(options.rescore === undefined ? 1 : everyCaption);
    // Where captions are scored anew, any that has ended can win.
    const ended = others.filter(({ finished }) => finished).map(({ tokens }) => tokens);
    decide(best!, commonLength(best!.tokens, [...prefixes.live, ...ended]));
  }
  const found = rescored(search.results(options.rescore === undefined ? options.count : everyCaption), options);
  decide(found[0]!, found[0]!.tokens.length);
  return found.map(withAttention);
}

/** The best captions by their scores with what is added to them; those that ended come first. */
function rescored(found: readonly Hypothesis[], { rescore, count }: GenerateOptions): Hypothesis[] {
  if (rescore === undefined) return [...found];
  const additions = rescore(found.map(({ tokens }) => tokens));
  return found
    .map((hypothesis, i) => ({ ...hypothesis, score: hypothesis.score + additions[i]! }))
    .sort((a, b) => Number(b.finished) - Number(a.finished) || b.score - a.score)
    .slice(0, count);
}

function noAttention(): EdgecapError {
  return new EdgecapError(
    "option-invalid",
    "attention is true: the decoder of this bundle has no map of regions to show. Leave the option out.",
  );
}

/**
 * How many words the best caption so far shares with all others that can still win, or be continued by what wins.
 */
function commonLength(best: Uint32Array, others: readonly ArrayLike<number>[]): number {
  const differs = best.findIndex((word, place) => others.some((words) => words[place] !== word));
  return differs === -1 ? best.length : differs;
}
