import type { SeededRandom } from "../../dataset/seeded_random.ts";

/** A captioned photo, with the output of a head that has not been trained on it. */
export interface JudgedPhoto {
  /** Nouns that its captions name. */
  readonly nouns: ReadonlySet<number>;
  /** [nouns] */
  readonly probabilities: Float32Array;
}

/** Number of photos to search for one whose nouns resemble a caption's. */
const looked = 24;
/** How often to keep a noun that only the similar photo's captions name, as if the caption had not mentioned it. */
const kept = 0.3;

/**
 * Makes up a head's output for captions without photos: like the head's output for a photo, it is right about most
 * nouns and wrong about some related ones.
 */
export class StandIns {
  readonly #photos: readonly JudgedPhoto[];
  /** Probabilities of each noun over the photos whose captions name it. */
  readonly #right: readonly (readonly number[])[];
  readonly #anyRight: readonly number[];

  /** @param photos Each with at least one noun. */
  constructor(photos: readonly JudgedPhoto[], nouns: number) {
    this.#photos = photos;
    const right = Array.from({ length: nouns }, (): number[] => []);
    for (const { nouns: named, probabilities } of photos) {
      for (const noun of named) right[noun]!.push(probabilities[noun]!);
    }
    this.#right = right;
    this.#anyRight = right.flat();
  }

  /**
   * Probabilities of every noun for a photo that a caption could describe.
   *
   * @param named Nouns of the caption.
   */
  draw(named: ReadonlySet<number>, random: SeededRandom): Float32Array {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
    let like = pick(this.#photos);
    let most = likeness(like.nouns, named);
    for (let i = 1; i < looked; i++) {
      const other = pick(this.#photos);
      const alike = likeness(other.nouns, named);
      if (alike > most) [like, most] = [other, alike];
    }
    const probabilities = like.probabilities.slice();
    for (const noun of like.nouns) {
      if (!named.has(noun) && random.next() >= kept) probabilities[noun] = probabilities[noun]! * 0.1 * random.next();
    }
    for (const noun of named) {
      if (like.nouns.has(noun)) continue;
      const known = this.#right[noun]!;
      // A few photos say little about how sure a head is of a noun.
      probabilities[noun] = pick(known.length >= 10 ? known : this.#anyRight);
    }
    return probabilities;
  }
}

/** Nouns that both name, divided by those that at least one names (Jaccard, 1901). */
function likeness(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let shared = 0;
  for (const noun of a) if (b.has(noun)) shared++;
  return shared / Math.max(1, a.size + b.size - shared);
}
