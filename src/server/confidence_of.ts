import type { Caption } from "../caption/caption.ts";

/** How sure a caption is, 0 to 1; if the bundle cannot tell, it is the mean probability of a word. */
export function confidenceOf({ confidence, logProbability, words }: Caption): number {
  return confidence ?? Math.exp(logProbability / (words.length + 1));
}
