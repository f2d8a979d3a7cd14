import type { Caption } from "./caption.ts";

/** A caption as the command line prints it with `--json` and as the server sends it, with its fields in that order. */
export function captionJson(image: string, result: Caption): { image: string } & Caption {
  return {
    image,
    caption: result.caption,
    ...(result.reason && { reason: result.reason }),
    ...(result.confidence !== undefined && { confidence: result.confidence }),
    logProbability: result.logProbability,
    words: result.words,
    alternatives: result.alternatives,
    concepts: result.concepts,
    timing: result.timing,
  };
}
