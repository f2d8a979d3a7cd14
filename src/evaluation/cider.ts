import { EdgecapError } from "../errors.ts";
import { countNgrams } from "./ngrams.ts";

const orders = 4;
const sigma = 6;
const scale = 10;

/** A reference as tf-idf weights: one sparse vector per order. */
interface ReferenceVector {
  /** For each order, the ids of the n-grams. */
  readonly ids: readonly Int32Array[];
  /** For each order, their weights. */
  readonly weights: readonly Float64Array[];
  /** For each order, the Euclidean length of the vector. */
  readonly norms: readonly number[];
  /** Number of bigrams: what the COCO code uses as the length. */
  readonly length: number;
}

/**
 * CIDEr-D (Vedantam, Zitnick and Parikh, 2015) against a fixed set of references. Everything that only depends on the
 * references is computed once, so a score takes one pass over the n-grams of a hypothesis and of its references.
 *
 * Document frequencies come from the given references; n-grams of 1 to 4 words, sigma 6, times 10, as in the COCO
 * caption evaluation code. Against a single image every score is 0, since every n-gram is in every document.
 */
export class CiderScorer {
  readonly #ids = new Map<string, number>();
  /** Logarithm of the number of images whose references contain an n-gram, by id. */
  readonly #logFrequencies: Float64Array;
  readonly #logImages: number;
  readonly #vectors = new Map<string, readonly ReferenceVector[]>();
  /** Weights of the current hypothesis by n-gram id; all zero between two scores. */
  readonly #hypothesisWeights: Float64Array;

  /** @param references For each image, by name, its references in words. */
  constructor(references: ReadonlyMap<string, readonly (readonly string[])[]>) {
    const frequencies: number[] = [];
    const counted = new Map<string, Map<string, number>[][]>();
    for (const [image, sentences] of references) {
      const counts = sentences.map((sentence) => countNgrams(sentence, orders));
      counted.set(image, counts);
      for (const ngram of new Set(counts.flat().flatMap((order) => [...order.keys()]))) {
        const id = this.#ids.get(ngram);
        if (id === undefined) this.#ids.set(ngram, frequencies.push(1) - 1);
        else frequencies[id]!++;
      }
    }
    this.#logImages = Math.log(references.size);
    this.#logFrequencies = Float64Array.from(frequencies, Math.log);
    this.#hypothesisWeights = new Float64Array(frequencies.length);
    for (const [image, counts] of counted) {
      this.#vectors.set(
        image,
        counts.map((sentence) => this.#vector(sentence)),
      );
    }
  }

  /**
   * Scores one caption.
   *
   * @param image Name of an image that the constructor was given.
   * @param hypothesis Words of the caption.
   * @returns From 0 to 10, and rarely above 3.
   * @throws {EdgecapError} `data-invalid` if the image has no references.
   */
  score(image: string, hypothesis: readonly string[]): number {
    const references = this.#vectors.get(image);
    if (references === undefined || references.length === 0) {
      throw new EdgecapError("data-invalid", `The image "${image}" has no references. Give at least one.`);
    }
    const counts = countNgrams(hypothesis, orders);
    const length = Math.max(0, hypothesis.length - 1);
    let sum = 0;
    for (const [order, ngrams] of counts.entries()) {
      const norm = this.#spread(ngrams);
      if (norm > 0) {
        for (const reference of references) {
          if (reference.norms[order]! === 0) continue;
          const penalty = Math.exp(-((length - reference.length) ** 2) / (2 * sigma ** 2));
          sum += (penalty * this.#product(reference, order)) / (norm * reference.norms[order]!);
        }
      }
      for (const ngram of ngrams.keys()) {
        const id = this.#ids.get(ngram);
        if (id !== undefined) this.#hypothesisWeights[id] = 0;
      }
    }
    return (scale * sum) / (orders * references.length);
  }

  /** Writes the weights of a hypothesis's n-grams of one order by id, and returns the length of their vector. */
  #spread(ngrams: ReadonlyMap<string, number>): number {
    let squares = 0;
    for (const [ngram, count] of ngrams) {
      const id = this.#ids.get(ngram);
      const weight = count * (this.#logImages - (id === undefined ? 0 : this.#logFrequencies[id]!));
      if (id !== undefined) this.#hypothesisWeights[id] = weight;
      squares += weight ** 2;
    }
    return Math.sqrt(squares);
  }

  /** Inner product of the current hypothesis, clipped to the reference, with the reference. */
  #product(reference: ReferenceVector, order: number): number {
    const ids = reference.ids[order]!;
    const weights = reference.weights[order]!;
    let product = 0;
    for (let i = 0; i < ids.length; i++) {
      product += Math.min(this.#hypothesisWeights[ids[i]!]!, weights[i]!) * weights[i]!;
    }
    return product;
  }

  #vector(counts: readonly ReadonlyMap<string, number>[]): ReferenceVector {
    const ids = counts.map((ngrams) => Int32Array.from(ngrams.keys(), (ngram) => this.#ids.get(ngram)!));
    const weights = counts.map((ngrams, order) =>
      Float64Array.from(
        ngrams.values(),
        (count, i) => count * (this.#logImages - this.#logFrequencies[ids[order]![i]!]!),
      ),
    );
    const norms = weights.map((vector) => Math.sqrt(vector.reduce((sum, weight) => sum + weight ** 2, 0)));
    const length = counts[1]!.values().reduce((sum, count) => sum + count, 0);
    return { ids, weights, norms, length };
  }
}
