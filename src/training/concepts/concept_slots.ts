import type { ConceptShape } from "../attention/model.ts";

/** Arranges the likeliest nouns of photos as the decoder reads them. */
export class ConceptSlots {
  readonly shape: ConceptShape;
  readonly #vectors: Float32Array;

  /** @param vectors Fixed vectors of the nouns, [nouns, vector]. */
  constructor(shape: ConceptShape, vectors: Float32Array) {
    this.shape = shape;
    this.#vectors = vectors;
  }

  /** Elements of one photo's slots. */
  get length(): number {
    return this.shape.slots * (this.shape.vector + 1);
  }

  /**
   * Writes a photo's slots, [slots, vector + 1]: the vectors of its likeliest nouns, each followed by its probability.
   *
   * @param probabilities Of every noun.
   * @param offset First element of `target` to fill.
   */
  write(probabilities: ArrayLike<number>, target: Float32Array, offset: number): void {
    const { slots, vector } = this.shape;
    for (const [slot, noun] of likeliest(probabilities, slots).entries()) {
      const start = offset + slot * (vector + 1);
      target.set(this.#vectors.subarray(noun * vector, (noun + 1) * vector), start);
      target[start + vector] = probabilities[noun]!;
    }
  }
}

/** Indices of the `count` largest numbers, the largest first; among equals, the first one. */
export function likeliest(probabilities: ArrayLike<number>, count: number): number[] {
  const best: number[] = [];
  for (let place = 0; place < probabilities.length; place++) {
    const value = probabilities[place]!;
    if (best.length === count && value <= probabilities[best[count - 1]!]!) continue;
    let at = best.length;
    while (at > 0 && probabilities[best[at - 1]!]! < value) at--;
    best.splice(at, 0, place);
    if (best.length > count) best.pop();
  }
  return best;
}
