import { EdgecapError, throwIfAborted } from "../errors.ts";
import { nextTurn } from "./next_turn.ts";
import { Prefixes } from "./prefixes.ts";
import { type Hypothesis, Search, type SearchOptions } from "./search.ts";

/** A caption that was generated. */
export interface GeneratedCaption extends Hypothesis {
  /** Where the decoder looked for each word, [words][regions], each map with the sum 1; only if requested. */
  readonly attention?: readonly Float32Array[];
}

/** A word that all captions that can still win agree on. */
export interface DecidedWord {
  readonly token: number;
  /** Natural logarithm of its probability. */
  readonly logProbability: number;
  /** Where the decoder looked for it, [regions]; only if requested. */
  readonly attention?: Float32Array;
}

/** How to generate: the search's options, and the number of captions. */
export interface GenerateOptions extends SearchOptions {
  /** Number of captions, at most `beams`. */
  readonly count: number;
  /** Whether to return attention maps. Default false. */
  readonly attention?: boolean;
  /**
   * What to add to the score of each caption at the end of the search: of all beams the one with
   * the best sum wins. Default: nothing.
   */
  readonly rescore?: (captions: readonly Uint32Array[]) => ArrayLike<number>;
  /** Called with each word of the best caption, in order, as soon as it is decided. */
  readonly onWord?: (word: DecidedWord) => void;
  readonly signal?: AbortSignal;
}

/** More captions than a search can find. */
const everyCaption = 1024;

/** A decoder's output after one more word of each live beam. */
export interface DecoderStep {
  /** [live, vocabulary], row by row. */
  readonly logits: Float32Array;
  /** Where it looked, [live, regions], row by row; only for decoders with attention over regions. */
  readonly attention?: Float32Array | undefined;
}

/**
 * Runs one step for the live beams.
 *
 * @param tokens The latest word of each beam; `<start>` at first.
 * @param parents For each beam, the beam of the previous step that it continues.
 * @returns Logits of the next word and, if the decoder has regions, its attention.
 */
export type RunStep = (tokens: Int32Array, parents: Uint32Array) => Promise<DecoderStep>;

/**
 * Searches for the captions of one picture: the search chooses which words to try, `step` computes how likely the next
 * ones are.
 *
 * @param step Runs the decoder on the word of each live beam, `tokens` [live], in the state after `parents` [live],
 *   beams of the previous step.
 * @returns Up to `count` captions, best first; none if characters are limited and nothing has room.
 * @throws {EdgecapError} `option-invalid`, `logits-invalid` or `aborted`, and what `step` throws.
 */
export async function searchCaptions(step: RunStep, options: GenerateOptions): Promise<GeneratedCaption[]> {
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
    // Graphs block the thread: without a turn of the event loop no signal could be aborted.
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
    // Because captions are scored again at the end, any finished one can win.
    const ended = others.filter(({ finished }) => finished).map(({ tokens }) => tokens);
    decide(best!, commonLength(best!.tokens, [...prefixes.live, ...ended]));
  }
  const found = rescored(search.results(options.rescore === undefined ? options.count : everyCaption), options);
  const [winner] = found;
  if (winner !== undefined) decide(winner, winner.tokens.length);
  return found.map(withAttention);
}

/** The best captions by score plus additions; those that ended come first. */
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
    "attention is true, but the decoder of this bundle has no attention maps. Leave the option out.",
  );
}

/**
 * How many words the best caption so far shares with all others that can still win or lead to the winner.
 */
function commonLength(best: Uint32Array, others: readonly ArrayLike<number>[]): number {
  const differs = best.findIndex((word, place) => others.some((words) => words[place] !== word));
  return differs === -1 ? best.length : differs;
}
