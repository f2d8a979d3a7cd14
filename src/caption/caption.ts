import type { Concept } from "../concepts/likely_concepts.ts";
import type { EdgecapError } from "../errors.ts";

/**
 * One word of a caption. A word that replaces several of the model's, such as "two" in "two people" for "a man and a
 * woman", has the sum of their log-probabilities and the mean of their maps, so the sum over all words stays that of
 * the model.
 */
export interface CaptionWord {
  /** The word in lower case, without the full stop of a sentence; endings such as "n't" are separate words. */
  readonly text: string;
  /** Natural logarithm of the probability that the model gave it after the previous words. */
  readonly logProbability: number;
  /**
   * Map of where the model looked for it: a share for each region of the picture, squashed to a square, row by row from
   * the top left (49 numbers for 7 x 7). The shares sum to 1. Present only with the option `attention`.
   */
  readonly attention?: readonly number[];
}

/** Another caption of the same picture. */
export interface Alternative {
  /** The sentence: in lower case, without a full stop, unless the option `sentence` is on. */
  readonly caption: string;
  /** Natural logarithm of its probability, including the end of the sentence. */
  readonly logProbability: number;
}

/** How long each part took, in milliseconds. */
export interface CaptionTiming {
  /** Reading the picture (unless it was fetched), decoding and resizing it. */
  readonly imageMs: number;
  /** The encoder graph. */
  readonly encodeMs: number;
  /** The decoder graphs and the search. */
  readonly generateMs: number;
}

/** A caption with its details. */
export interface Caption {
  /** The sentence: in lower case, without a full stop, unless the option `sentence` is on. */
  readonly caption: string;
  /** Natural logarithm of its probability: the sum over its words and its end. */
  readonly logProbability: number;
  /** Its words in their order, with their probabilities. */
  readonly words: readonly CaptionWord[];
  /**
   * The next best captions, best first; empty unless `alternatives` asks for them. One that reads the same as a better
   * one, or does not fit, is left out.
   */
  readonly alternatives: readonly Alternative[];
  /**
   * The everyday nouns that the picture shows, with a probability of at least 0.5, likeliest first, at most 12. Empty
   * if none is that likely, or if the bundle knows no nouns. They come from the picture, not from the sentence, so they
   * can be right when it is wrong.
   */
  readonly concepts: readonly Concept[];
  /**
   * The probability that the sentence is right, 0 to 1; docs/confidence.md defines "right". Absent if the bundle or the
   * engine cannot tell. It was fitted to captions made with the bundle's own settings; for other captions, such as
   * sampled ones, it is only a rough guide.
   */
  readonly confidence?: number;
  /**
   * Present if the sentence, its words and its alternatives were left out, with the reason: `unsure` if the sentence is
   * less sure than `minConfidence`, `too-long` if no sentence fits into `maxCharacters`. `caption` is then a plain "a
   * photo of …" with what is sure, or empty; `logProbability` and `confidence` belong to the omitted sentence.
   */
  readonly reason?: "unsure" | "too-long";
  /** How long each part took, without the wait for earlier captions. */
  readonly timing: CaptionTiming;
}

/** An event of {@linkcode Captioner.stream}: first the words one after another, then the complete result. */
export type CaptionEvent =
  | ({ readonly type: "word" } & CaptionWord)
  | { readonly type: "caption"; readonly caption: Caption };

/** The result of {@linkcode Captioner.captionAll} for a picture: its caption, or an error. */
export type CaptionedImage =
  | (Caption & {
      /** Position of the picture in the source, from 0. */
      readonly index: number;
      /** Absent: the picture has a caption. */
      readonly error?: undefined;
    })
  | {
      /** Position of the picture in the source, from 0. */
      readonly index: number;
      /** Why the picture has no caption: `image-*` or `file-unreadable`. */
      readonly error: EdgecapError;
      /** Absent: the picture could not be captioned. */
      readonly caption?: undefined;
    };
