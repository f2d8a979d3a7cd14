import type { ConceptName } from "./concept_names.ts";

/** Something that a picture shows. */
export interface Concept {
  /** An everyday noun in the singular: `traffic light`. */
  readonly name: string;
  /** The probability that people who describe the picture name it, 0 to 1. */
  readonly probability: number;
}

/** Nouns below this would be wrong more often than right. */
const leastProbability = 0.5;
/** Most nouns per picture. */
export const mostConcepts = 12;

/** The likely nouns of a picture, likeliest first. @param probabilities One for each of `nouns`. */
export function likelyConcepts(nouns: readonly ConceptName[], probabilities: ArrayLike<number>): Concept[] {
  return nouns
    .map(({ name }, place) => ({ name, probability: probabilities[place]! }))
    .filter(({ probability }) => probability >= leastProbability)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, mostConcepts);
}
