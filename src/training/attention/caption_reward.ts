import { bleuFromStatistics, bleuStatistics, CiderScorer } from "../../evaluation/mod.ts";
import { unknownId } from "../../text/vocabulary_words.ts";
import { type EncodedPhoto, endId } from "./batches.ts";

/**
 * Reward of captions in word ids: CIDEr-D against the photo's own captions, with document frequencies of the training
 * captions, plus a share of the sentence's BLEU-4.
 *
 * The end counts as a word, on both sides: without it a caption that breaks off ("... in a") loses nothing.
 */
export class CaptionReward {
  readonly #cider: CiderScorer;
  readonly #references: ReadonlyMap<string, string[][]>;
  readonly #bleuWeight: number;

  /**
   * @param photos Training photos with their captions.
   * @param bleuWeight Weight of BLEU-4; CIDEr-D has 1.
   */
  constructor(photos: readonly EncodedPhoto[], bleuWeight: number) {
    // A caption cannot match an unknown word in a reference.
    this.#references = new Map(
      photos.map(({ image, captions }) => [image, captions.map((words) => names(words, true, "?"))]),
    );
    this.#cider = new CiderScorer(this.#references);
    this.#bleuWeight = bleuWeight;
  }

  /**
   * @param image Name of a training photo.
   * @param words Word ids, without start and end.
   * @param ends Whether the end follows.
   */
  of(image: string, words: Int32Array, ends: boolean): number {
    const hypothesis = names(words, ends, "!");
    const cider = this.#cider.score(image, hypothesis);
    if (this.#bleuWeight === 0) return cider;
    const references = this.#references.get(image)!;
    return cider + this.#bleuWeight * bleuFromStatistics(bleuStatistics({ hypothesis, references }))[3];
  }
}

function names(words: Int32Array, ends: boolean, unknown: string): string[] {
  const list = Array.from(words, (id) => (id === unknownId ? unknown : String(id)));
  return ends ? [...list, String(endId)] : list;
}

/**
 * By how much each reward beats the mean of the others (leave one out; Luo, 2020): a baseline without a second pass.
 *
 * @param rewards Rewards of the captions sampled for one photo, at least two.
 */
export function leaveOneOut(rewards: readonly number[]): number[] {
  const sum = rewards.reduce((total, reward) => total + reward, 0);
  return rewards.map((reward) => reward - (sum - reward) / (rewards.length - 1));
}
