import type { Concept } from "../concepts/likely_concepts.ts";
import type { EdgecapError } from "../errors.ts";

/** One word of a caption. */
export interface CaptionWord {
  /** The word as the vocabulary has it: in lower case; endings such as "n't" are words of their own. */
  readonly text: string;
  /** Natural logarithm of the probability that the model gave it after the words before. */
  readonly logProbability: number;
  /**
   * Where the model looked for it: shares with the sum 1 of the regions of the picture as it was squashed to a square,
   * row by row from the top left (49 numbers for 7 x 7). Only where `attention` was asked for.
   */
  readonly attention?: readonly number[];
}

/** Another caption of the same picture. */
export interface Alternative {
  /** The sentence, in lower case, without a full stop. */
  readonly caption: string;
  /** Natural logarithm of its probability, the end included. */
  readonly logProbability: number;
}

/** How long each part took, in milliseconds. */
export interface CaptionTiming {
  /** Reading it, unless it was fetched, decoding and resizing it. */
  readonly imageMs: number;
  /** The encoder graph. */
  readonly encodeMs: number;
  /** The decoder graphs and the search. */
  readonly generateMs: number;
}

/** A caption and how it came about. */
export interface Caption {
  /** The sentence, in lower case, without a full stop. */
  readonly caption: string;
  /** Natural logarithm of its probability: the sum over its words and its end. */
  readonly logProbability: number;
  /** Its words in their order, with their probabilities. */
  readonly words: readonly CaptionWord[];
  /** The next best captions, best first; empty unless asked for. */
  readonly alternatives: readonly Alternative[];
  /**
   * What the picture shows, as everyday nouns of a probability of 0.5 or more, the likeliest first, at most 12; empty if
   * nothing is so likely, or if the bundle knows no nouns. They come from the picture, not from the sentence, so they can
   * be right if it is wrong.
   */
  readonly concepts: readonly Concept[];
  /**
   * The chance that the sentence is right, 0 to 1; docs/confidence.md says what right is. Absent if the bundle or the engine
   * cannot tell. It is fitted on the captions that the bundle recommends: of others, such as drawn ones, it is a guess.
   */
  readonly confidence?: number;
  /**
   * `unsure`: the sentence was less sure than `minConfidence`, and is left out with its words and alternatives. `caption` is
   * then a plain "a photo of …" with what is sure, or empty; `logProbability` and `confidence` are of the sentence left out.
   */
  readonly reason?: "unsure";
  /** How long each part took, without the wait for captions asked for before. */
  readonly timing: CaptionTiming;
}

/** What {@linkcode Captioner.stream} yields: the words one after another, then the whole result. */
export type CaptionEvent =
  | ({ readonly type: "word" } & CaptionWord)
  | { readonly type: "caption"; readonly caption: Caption };

/** What {@linkcode Captioner.captionAll} yields for a picture: its caption, or why it has none. */
export type CaptionedImage =
  | (Caption & {
      /** Place of the picture in the source, from 0. */
      readonly index: number;
      /** Not there: the picture has a caption. */
      readonly error?: undefined;
    })
  | {
      /** Place of the picture in the source, from 0. */
      readonly index: number;
      /** Why the picture has no caption: `image-*` or `file-unreadable`. */
      readonly error: EdgecapError;
      /** Not there: the picture could not be captioned. */
      readonly caption?: undefined;
    };
