import type { GeneratedCaption, GenerateOptions } from "./search_captions.ts";

/** How many characters captions may have. */
export interface CharacterLimit {
  /** Whether a caption that was found is within it. */
  readonly fits: (caption: GeneratedCaption) => boolean;
  /** Characters that the search may use, and the fewest that each token adds, [vocabulary]. */
  readonly room: () => { readonly maxCharacters: number; readonly characters: Uint32Array };
}

/** Least number of beams of a limited search, because many beams find no end. */
const leastBeams = 16;
/** Number of captions to draw if the first ones do not fit. */
const drawn = 16;
/** More captions than a search can find. */
const everyCaption = 1024;
/** A less likely end would stop a sentence in the middle; natural logarithm. */
const leastEnd = Math.log(0.05);
/** A less likely word would only be chosen because it is short: "a bird is flying over a 6"; natural logarithm. */
const leastWord = Math.log(0.01);

/**
 * Finds captions within a limit of characters by searching, not by cutting.
 *
 * The search is made as if there were no limit; only if its best caption does not fit, it is made once more, without
 * words that have no room, and the best caption of both that fits and ended by itself wins. Drawn captions are drawn
 * again, more of them.
 *
 * @param search Makes a search; called a second time, it begins again.
 * @returns The captions that fit, best first; if none fits, those that do not.
 */
export async function captionsWithin(
  limit: CharacterLimit | undefined,
  options: GenerateOptions,
  search: (options: GenerateOptions) => Promise<GeneratedCaption[]>,
): Promise<GeneratedCaption[]> {
  if (limit === undefined) return await search(options);
  const free = await search({ ...options, count: everyCaption });
  const { count, beams = 1, temperature = 0 } = options;
  if (limit.fits(free[0]!)) return [free[0]!, ...free.slice(1).filter(limit.fits)].slice(0, count);
  const more =
    temperature > 0
      ? await search({ ...options, beams: Math.max(beams, drawn), count: everyCaption })
      : await search({
          ...options,
          ...limit.room(),
          leastEnd,
          beams: Math.max(beams, leastBeams),
          count: everyCaption,
        });
  const likely = ({ wordLogProbabilities }: GeneratedCaption) =>
    wordLogProbabilities.every((word) => word >= leastWord);
  const found = new Map(
    [...free, ...(temperature > 0 ? more : more.filter(likely))]
      .filter(limit.fits)
      .map((caption) => [caption.tokens.join(), caption] as const),
  );
  const fitting = [...found.values()].sort((a, b) => b.score - a.score);
  return fitting.length === 0 ? free.slice(0, 1) : fitting.slice(0, count);
}
