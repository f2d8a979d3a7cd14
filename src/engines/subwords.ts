import type { CaptionWord } from "../caption/caption.ts";
import type { Hypothesis } from "../decode/search.ts";

/** Turns ids into text. */
export type DecodeText = (tokens: readonly number[]) => string;

/**
 * Joins a model's tokens, which are parts of words, into words as they arrive: a word is complete once the next has
 * begun. Its probability is the product of its parts'.
 */
export class Subwords {
  readonly #decode: DecodeText;
  readonly #tokens: number[] = [];
  readonly #logProbabilities: number[] = [];
  #texts: readonly string[] = [];
  #taken = 0;

  constructor(decode: DecodeText) {
    this.#decode = decode;
  }

  /** All parts of a caption at once. */
  static of(hypothesis: Hypothesis, decode: DecodeText): Subwords {
    const subwords = new Subwords(decode);
    for (const [i, token] of hypothesis.tokens.entries()) subwords.add(token, hypothesis.wordLogProbabilities[i]!);
    return subwords;
  }

  /** Adds a token and the natural logarithm of its probability. */
  add(token: number, logProbability: number): void {
    this.#tokens.push(token);
    this.#texts = this.#decode(this.#tokens)
      .split(/\s+/)
      .filter((text) => text !== "");
    // The log-probability of tokens before the first word, such as a start mark, is added to that word.
    const word = Math.max(this.#texts.length - 1, 0);
    this.#logProbabilities[word] = (this.#logProbabilities[word] ?? 0) + logProbability;
  }

  /** All words so far; the last one may be incomplete. */
  get words(): CaptionWord[] {
    return this.#texts.map((text, i) => ({ text, logProbability: this.#logProbabilities[i] ?? 0 }));
  }

  /** The words completed since the last call. @param ended Whether the last one is complete too. */
  take(ended: boolean): CaptionWord[] {
    const whole = this.words.slice(this.#taken, ended ? undefined : -1);
    this.#taken += whole.length;
    return whole;
  }
}
