/**
 * Scores captions against what people wrote: BLEU, ROUGE-L and CIDEr, as the COCO caption evaluation code computes
 * them, so that figures can be compared with published ones.
 *
 * @module
 */

import { EdgecapError } from "../errors.ts";
import { type BleuScores, bleuFromStatistics, bleuStatistics, corpusBleu } from "./bleu.ts";
import { CiderScorer } from "./cider.ts";
import type { TextItem, TokenizedItem } from "./item.ts";
import { mean } from "./mean.ts";
import { tokenizePtb } from "./ptb_tokenizer.ts";
import { rougeL } from "./rouge_l.ts";

export { bleuFromStatistics, bleuStatistics, corpusBleu } from "./bleu.ts";
export { CiderScorer } from "./cider.ts";
export type { TextItem, TokenizedItem } from "./item.ts";
export { tokenizePtb } from "./ptb_tokenizer.ts";
export { rougeL } from "./rouge_l.ts";

/** The figures by which captions are judged. */
export interface Metrics {
  /** BLEU-1 to BLEU-4, from 0 to 1. Papers print them times 100. */
  readonly bleu1: number;
  readonly bleu2: number;
  readonly bleu3: number;
  readonly bleu4: number;
  /** From 0 to 1. */
  readonly rougeL: number;
  /** CIDEr-D, from 0 to 10. */
  readonly cider: number;
}

/** Scores of a set of images. BLEU is computed over the corpus; the others are means over images. */
export interface Scores extends Metrics {
  /** Number of images that were scored. */
  readonly images: number;
  /** Scores of each image in the given order, if {@linkcode EvaluateOptions.perImage} is set. */
  readonly perImage?: readonly ImageScores[];
}

/** Scores of one image; its BLEU is that of the single sentence. */
export interface ImageScores extends Metrics {
  readonly id: string;
}

/** Options of {@linkcode evaluate}. */
export interface EvaluateOptions {
  /** Whether to return the scores of each image too. Default false. */
  readonly perImage?: boolean;
}

/**
 * Scores tokenized captions.
 *
 * The words must be those of {@linkcode tokenizePtb} for the scores to be comparable: ids, or references that hold
 * `<unk>`, give other figures. Empty words do not count: `"".split(" ")` counts as a caption without any.
 *
 * @param given One caption per image, in words, with the references of that image.
 * @throws {EdgecapError} `data-invalid` if there are no items, two have the same id, or one has no references.
 */
export function evaluate(given: readonly TokenizedItem[], options: EvaluateOptions = {}): Scores {
  const items = given.map(({ id, hypothesis, references }) => ({
    id,
    hypothesis: withoutEmpty(hypothesis),
    references: references.map(withoutEmpty),
  }));
  const references = checkedReferences(items);
  const scorer = new CiderScorer(references);
  const ciders = items.map(({ id, hypothesis }) => scorer.score(id, hypothesis));
  const rouges = items.map((item) => rougeL(item.hypothesis, item.references));
  const scores = { ...metrics(corpusBleu(items), mean(rouges), mean(ciders)), images: items.length };
  if (!options.perImage) return scores;
  const perImage = items.map((item, i) => ({
    id: item.id,
    ...metrics(bleuFromStatistics(bleuStatistics(item)), rouges[i]!, ciders[i]!),
  }));
  return { ...scores, perImage };
}

/**
 * Scores untokenized captions: {@linkcode evaluate} after {@linkcode tokenizePtb}.
 *
 * @param items One caption per image, with the references of that image.
 * @throws {EdgecapError} `data-invalid` if there are no items, two have the same id, or one has no references.
 */
export function evaluateText(items: readonly TextItem[], options: EvaluateOptions = {}): Scores {
  const tokenized = items.map(({ id, hypothesis, references }) => ({
    id,
    hypothesis: tokenizePtb(hypothesis),
    references: references.map(tokenizePtb),
  }));
  return evaluate(tokenized, options);
}

function withoutEmpty(words: readonly string[]): readonly string[] {
  return words.includes("") ? words.filter((word) => word !== "") : words;
}

function checkedReferences(items: readonly TokenizedItem[]): Map<string, TokenizedItem["references"]> {
  if (items.length === 0) throw new EdgecapError("data-invalid", "There are no captions to score. Give at least one.");
  const references = new Map<string, TokenizedItem["references"]>();
  for (const item of items) {
    if (references.has(item.id)) {
      throw new EdgecapError("data-invalid", `The image "${item.id}" has two captions to score. Give one per image.`);
    }
    if (item.references.length === 0) {
      throw new EdgecapError("data-invalid", `The image "${item.id}" has no references. Give at least one.`);
    }
    references.set(item.id, item.references);
  }
  return references;
}

function metrics([bleu1, bleu2, bleu3, bleu4]: BleuScores, rougeL: number, cider: number): Metrics {
  return { bleu1, bleu2, bleu3, bleu4, rougeL, cider };
}
