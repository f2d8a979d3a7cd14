import type { ConceptName } from "../../concepts/concept_names.ts";

/**
 * A vector for each noun: the mean of its words' vectors, scaled to a length of the root of its dimension, so that each
 * number is about 1. A noun without a known word gets zeros.
 *
 * @param vectors Vectors of words, of `dimension` numbers.
 * @returns [nouns, dimension]
 */
export function nounVectors(
  nouns: readonly Pick<ConceptName, "name">[],
  vectors: ReadonlyMap<string, Float32Array>,
  dimension: number,
): Float32Array {
  const made = new Float32Array(nouns.length * dimension);
  for (const [place, { name }] of nouns.entries()) {
    const sum = made.subarray(place * dimension, (place + 1) * dimension);
    for (const word of name.split(" ")) {
      const vector = vectors.get(word);
      for (let i = 0; vector !== undefined && i < dimension; i++) sum[i]! += vector[i]!;
    }
    const length = Math.hypot(...sum);
    if (length > 0) for (let i = 0; i < dimension; i++) sum[i]! *= Math.sqrt(dimension) / length;
  }
  return made;
}
