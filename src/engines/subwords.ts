import type { CaptionWord } from "../caption/caption.ts";
import type { Hypothesis } from "../decode/search.ts";

/** What turns ids into text. */
export type DecodeText = (tokens: readonly number[]) => string;

/**
 * Puts a model's tokens, which are parts of words, together to words as they come: a word is whole once the next has
 * begun. Its probability is that of its parts together.
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

  /** Every part of a caption at once. */
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
    // What stands before the first word, such as a mark of the beginning, counts with it.
    const word = Math.max(this.#texts.length - 1, 0);
    this.#logProbabilities[word] = (this.#logProbabilities[word] ?? 0) + logProbability;
  }

  /** All words so far, the last of which may go on. */
  get words(): CaptionWord[] {
    return this.#texts.map((text, i) => ({ text, logProbability: this.#logProbabilities[i] ?? 0 }));
  }

  /** The words that have become whole since the last call. @param ended Whether the last one is whole too. */
  take(ended: boolean): CaptionWord[] {
    const whole = this.words.slice(this.#taken, ended ? undefined : -1);
    this.#taken += whole.length;
    return whole;
  }
}
