import type { TokenizedItem } from "./item.ts";
import { countNgrams } from "./ngrams.ts";

const orders = 4;
// The two constants of the COCO caption code, which avoid 0/0 and are far below any real score.
const tiny = 1e-15;
const small = 1e-9;

/** BLEU-1, BLEU-2, BLEU-3 and BLEU-4, each from 0 to 1. */
export type BleuScores = readonly [number, number, number, number];

/** The counts that corpus BLEU adds up over sentences. */
export interface BleuStatistics {
  /** Words of the hypotheses. */
  hypothesisLength: number;
  /** Words of the references closest in length to their hypotheses; the shorter one of a tie. */
  referenceLength: number;
  /** For each order, the n-grams of the hypotheses. */
  readonly guesses: number[];
  /** For each order, the n-grams that a reference contains, clipped to the most in one reference. */
  readonly matches: number[];
}

/** Counts what BLEU needs for one hypothesis and its references (at least one). */
export function bleuStatistics({ hypothesis, references }: Omit<TokenizedItem, "id">): BleuStatistics {
  const available = Array.from({ length: orders }, () => new Map<string, number>());
  for (const reference of references) {
    for (const [order, counts] of countNgrams(reference, orders).entries()) {
      const most = available[order]!;
      for (const [ngram, count] of counts) most.set(ngram, Math.max(count, most.get(ngram) ?? 0));
    }
  }
  const matches = countNgrams(hypothesis, orders).map((counts, order) => {
    let sum = 0;
    for (const [ngram, count] of counts) sum += Math.min(count, available[order]!.get(ngram) ?? 0);
    return sum;
  });
  const hypothesisLength = hypothesis.length;
  let referenceLength = Number.POSITIVE_INFINITY;
  for (const { length } of references) {
    const difference = Math.abs(length - hypothesisLength) - Math.abs(referenceLength - hypothesisLength);
    if (difference < 0 || (difference === 0 && length < referenceLength)) referenceLength = length;
  }
  const guesses = matches.map((_, order) => Math.max(0, hypothesisLength - order));
  return { hypothesisLength, referenceLength, guesses, matches };
}

/** Turns counts into scores: the geometric mean of the precisions times the brevity penalty. */
export function bleuFromStatistics(statistics: BleuStatistics): BleuScores {
  const ratio = (statistics.hypothesisLength + tiny) / (statistics.referenceLength + small);
  const brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  const scores = statistics.matches.map((matches, order) => {
    product *= (matches + tiny) / (statistics.guesses[order]! + small);
    return product ** (1 / (order + 1)) * brevity;
  });
  return scores as [number, number, number, number];
}

/**
 * Corpus BLEU (Papineni et al., 2002) as the COCO caption evaluation code computes it: counts are added up over
 * all images before they are divided, and the reference length is the closest one.
 */
export function corpusBleu(items: readonly TokenizedItem[]): BleuScores {
  const zeros = () => Array.from({ length: orders }, () => 0);
  const total: BleuStatistics = { hypothesisLength: 0, referenceLength: 0, guesses: zeros(), matches: zeros() };
  for (const item of items) {
    const statistics = bleuStatistics(item);
    total.hypothesisLength += statistics.hypothesisLength;
    total.referenceLength += statistics.referenceLength;
    for (let order = 0; order < orders; order++) {
      total.guesses[order]! += statistics.guesses[order]!;
      total.matches[order]! += statistics.matches[order]!;
    }
  }
  return bleuFromStatistics(total);
}
