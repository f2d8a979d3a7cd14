import type { Noun } from "../../concepts/noun_table.ts";

/** The facts about a photo's nouns. */
export interface PhotoNouns {
  /** Nouns of each of its captions, as places in the table; none for a photo without captions. */
  readonly captions: readonly ReadonlySet<number>[];
  /** Probabilities of ImageNet's classes by the untouched network, [1000]. */
  readonly classes: Float32Array;
}

/** How likely each noun should be, and how much that counts. */
export interface ConceptTargets {
  /** [nouns], 0 to 1 */
  readonly wanted: Float32Array;
  /** [nouns] */
  readonly weights: Float32Array;
}

/** A photo with one caption says little about what the caption leaves out. */
const silenceOfOne = 0.15;
/** ImageNet's network also says little, because it names one thing per photo. */
const silenceOfClasses = 0.05;
/** From this probability, ImageNet's network counts as sure. */
const sureClass = 0.3;

/**
 * Target of a head for a photo. A noun that two captions name has the target 1; one that only one of several captions
 * names, one half; one that ImageNet's network sees, the probability that the network gives.
 */
export function conceptTargets(nouns: readonly Noun[], { captions, classes }: PhotoNouns): ConceptTargets {
  const wanted = new Float32Array(nouns.length);
  const weights = new Float32Array(nouns.length);
  const silence = captions.length === 0 ? silenceOfClasses : captions.length === 1 ? silenceOfOne : 1;
  for (const [place, noun] of nouns.entries()) {
    const seen = Math.min(
      1,
      noun.classes.reduce((sum, number) => sum + classes[number]!, 0),
    );
    const named = captions.reduce((count, ofCaption) => count + (ofCaption.has(place) ? 1 : 0), 0);
    const said = named === 0 ? 0 : named > 1 || captions.length === 1 ? 1 : 0.5;
    wanted[place] = Math.max(said, seen >= sureClass || captions.length === 0 ? seen : 0);
    weights[place] = said > 0 || seen >= sureClass ? 1 : silence;
    // Photos without captions teach nothing about nouns that have no class in ImageNet.
    if (captions.length === 0 && noun.classes.length === 0) weights[place] = 0;
  }
  return { wanted, weights };
}
