import { SeededRandom } from "../../dataset/seeded_random.ts";
import { throwIfAborted } from "../../errors.ts";
import { type FirstClasses, fitClassWeights } from "./class_weights.ts";
import {
  type ConceptHead,
  conceptProbabilities,
  fitConceptHead,
  type HeadExamples,
  type HeadSettings,
} from "./concept_head.ts";

/** Parts that the photos are divided into. */
const folds = 4;

/** A head, and the output for each photo of a head that has not seen it. */
export interface CrossFit {
  /** Fitted to all examples: this one ships. */
  readonly head: ConceptHead;
  /** For each example, the output of a head fitted without its photo, [examples, nouns]. */
  readonly probabilities: Float32Array;
}

/** Options of {@linkcode crossFit}. */
export interface CrossFitOptions {
  /** Draws the order of the examples and the features to hide. */
  readonly seed: number;
  /** Default: those of fitConceptHead(). */
  readonly settings?: HeadSettings;
  /** A classifier to add to each head. Default: none. */
  readonly classes?: FirstClasses;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fits a head, and four more that each skip a quarter of the photos. A head is too good on the photos that it was
 * fitted on: from its output for those, a decoder could not learn how far to trust concepts.
 *
 * @param photoOf Which photo each example is a view of.
 * @throws {EdgecapError} `aborted`
 */
export async function crossFit(
  examples: HeadExamples,
  photoOf: readonly number[],
  { seed, settings, classes, signal }: CrossFitOptions,
): Promise<CrossFit> {
  const { features, nouns } = examples;
  const fit = async (chosen: readonly number[], random: SeededRandom) => {
    const head = await fitConceptHead(examples, chosen, random, settings, signal);
    if (classes === undefined) return head;
    return await fitClassWeights(head, classes, examples, chosen, random, undefined, signal);
  };
  const all = photoOf.map((_, place) => place);
  const head = await fit(all, new SeededRandom(seed));
  const probabilities = new Float32Array(all.length * nouns);
  for (let fold = 0; fold < folds; fold++) {
    throwIfAborted(signal);
    const [inside, outside] = [true, false].map((wanted) =>
      all.filter((place) => (photoOf[place]! % folds !== fold) === wanted),
    );
    const partial = await fit(inside!, new SeededRandom(seed + 1 + fold));
    const means = new Float32Array(outside!.length * features);
    for (const [i, place] of outside!.entries()) {
      means.set(examples.means.subarray(place * features, (place + 1) * features), i * features);
    }
    const found = conceptProbabilities(partial, means, features);
    for (const [i, place] of outside!.entries()) {
      probabilities.set(found.subarray(i * nouns, (i + 1) * nouns), place * nouns);
    }
  }
  return { head, probabilities };
}
