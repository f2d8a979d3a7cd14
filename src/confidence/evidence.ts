import type { NounFinder } from "../concepts/noun_table.ts";

/**
 * The facts about a caption and its picture that the regression uses. Facts that a bundle or a search does not provide
 * are left out.
 */
export interface CaptionFacts {
  /** The caption's words, in lower case. */
  readonly words: readonly string[];
  /** Natural logarithm of each word's probability, [words]. */
  readonly wordLogProbabilities: ArrayLike<number>;
  /** Natural logarithm of the caption's probability, its end included. */
  readonly logProbability: number;
  /** How much its score exceeds that of the next best caption of the search. */
  readonly margin?: number | undefined;
  /** How much it agrees with the captions of similar training photos, 0 to 1. */
  readonly agreement?: number | undefined;
  /** How similar the picture is to these photos, -1 to 1. */
  readonly likeness?: number | undefined;
  /** The picture's nouns. */
  readonly concepts?: { readonly finder: NounFinder; readonly probabilities: ArrayLike<number> } | undefined;
}

/** Names of the numbers that {@linkcode evidenceOf} computes, in order. */
export const evidenceNames = [
  "meanLogProbability",
  "leastLogProbability",
  "logProbabilityPerLength",
  "words",
  "margin",
  "agreement",
  "likeness",
  "nouns",
  "leastNamed",
  "meanNamed",
  "allNamed",
  "likeliestUnnamed",
  "likeliest",
] as const;

/** One of {@linkcode evidenceNames}. */
export type EvidenceName = (typeof evidenceNames)[number];

/** The evidence for and against a caption; every number is finite. */
export type Evidence = Readonly<Record<EvidenceName, number>>;

/** A noun counts as sure at this probability or above. */
const sure = 0.5;
/** Probabilities are moved at least this far from 0 and 1, so that no single one decides everything. */
const edge = 0.005;

/**
 * Turns what is known about a caption into numbers:
 * - `meanLogProbability` and `leastLogProbability` of its words, and `logProbabilityPerLength`, the end included;
 * - `words`, how many it has; `margin`, `agreement` and `likeness` unchanged, or 0 if unknown;
 * - `nouns`, how many mentions of nouns it has, and the log-odds of their probabilities in the picture: `leastNamed`,
 *   `meanNamed`, and `allNamed`, the logarithm of their product;
 * - `likeliestUnnamed`, the log-odds of the likeliest sure noun that it does not name, and `likeliest`, those of the
 *   likeliest noun.
 *
 * Log-odds are 0, for a probability of one half, if there is no such noun or the bundle knows no nouns.
 */
export function evidenceOf(facts: CaptionFacts): Evidence {
  const { words, logProbability, margin = 0, agreement = 0, likeness = 0 } = facts;
  const each = Array.from(facts.wordLogProbabilities);
  return {
    meanLogProbability: mean(each),
    leastLogProbability: Math.min(0, ...each),
    logProbabilityPerLength: logProbability / (words.length + 1),
    words: words.length,
    margin,
    agreement,
    likeness,
    ...evidenceOfNouns(facts),
  };
}

type NounEvidence = "nouns" | "leastNamed" | "meanNamed" | "allNamed" | "likeliestUnnamed" | "likeliest";

function evidenceOfNouns({ words, concepts }: CaptionFacts): Pick<Evidence, NounEvidence> {
  if (concepts === undefined) {
    return { nouns: 0, leastNamed: 0, meanNamed: 0, allNamed: 0, likeliestUnnamed: 0, likeliest: 0 };
  }
  const { finder, probabilities } = concepts;
  const mentions = finder.mentions(words);
  // "man" names both a man and a person, so the likelier of its nouns counts.
  const named = mentions.map((places) => Math.max(...places.map((place) => probabilities[place]!)));
  const said = new Set(mentions.flat());
  const unnamed = Array.from(probabilities).filter((probability, place) => probability >= sure && !said.has(place));
  const none = named.length === 0;
  return {
    nouns: named.length,
    leastNamed: none ? 0 : logOdds(Math.min(...named)),
    meanNamed: mean(named.map(logOdds)),
    allNamed: named.reduce((sum, probability) => sum + Math.log(within(probability)), 0),
    likeliestUnnamed: unnamed.length === 0 ? 0 : logOdds(Math.max(...unnamed)),
    likeliest: probabilities.length === 0 ? 0 : logOdds(Math.max(...Array.from(probabilities))),
  };
}

function logOdds(probability: number): number {
  const p = within(probability);
  return Math.log(p / (1 - p));
}

function within(probability: number): number {
  return Math.min(Math.max(probability, edge), 1 - edge);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
