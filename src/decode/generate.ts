import type { Datastore } from "../retrieval/datastore.ts";
import type { GraphValue } from "../runtime/tensors.ts";
import { type Decoder, type ReadFeatures, readFeatures } from "./decoder.ts";
import type { MissingConcepts, RequiredConcepts } from "./required_concepts.ts";
import {
  type DecidedWord,
  type GeneratedCaption,
  type GenerateOptions,
  type RunStep,
  searchCaptions,
} from "./search_captions.ts";
import { isKept } from "./shared_steps.ts";
import { type CharacterLimit, captionsWithin } from "./within_characters.ts";

/** The similar training photos that influence which beam wins. */
export interface Neighbours {
  readonly datastore: Datastore;
  /** Number of photos to use, the most similar ones. */
  readonly count: number;
  /** Added to the score of a beam that fully agrees with their captions. */
  readonly weight: number;
}

/** The captions generated for a picture, with the numbers behind them. */
export interface Generated {
  /** At most as many as requested, best first. */
  readonly captions: readonly GeneratedCaption[];
  /** Probability of each of the bundle's nouns; only with decoders that look at concepts. */
  readonly concepts?: Float32Array | undefined;
  /** How much the best caption agrees with those of the neighbours, 0 to 1; only with neighbours. */
  readonly agreement?: number | undefined;
  /** How similar the picture is to them, -1 to 1; only with neighbours. */
  readonly likeness?: number | undefined;
  /** How much the best caption's score exceeds the next one's; only with several beams. */
  readonly margin?: number | undefined;
}

/**
 * Generates captions for one feature grid with the decoder's graphs.
 *
 * Neighbours and concepts only count with several beams; sampled and greedy captions stay as they are. If the best
 * caption lacks a sure concept, the search runs again, with beams that name it; it computes only what the first search
 * did not. Most pictures lack nothing, so searching with those beams from the start would slow all of them down. If
 * neither search names anything that is sure beside what may be there, a third one finds a place for the surest thing.
 * If a concept is sure, `onWord` is called only once it is known which search is the last.
 *
 * @param grid Features of one picture, [1, regions, features].
 * @param neighbours The similar training photos that influence which beam wins.
 * @param concepts Chooses the concepts that are sure and missing; only with decoders that look at concepts.
 * @param limit Characters that captions may have. Give no `onWord` then: the search may have to run again.
 * @throws {EdgecapError} `option-invalid`, `logits-invalid`, `graph-failed` or `aborted`.
 */
export async function generate(
  decoder: Decoder,
  grid: GraphValue,
  options: Omit<GenerateOptions, "rescore" | "required" | "conceptReward">,
  neighbours?: Neighbours,
  concepts?: RequiredConcepts,
  limit?: CharacterLimit,
): Promise<Generated> {
  using photo = await readFeatures(decoder, grid);
  const several = (options.beams ?? 1) > 1 && (options.temperature ?? 0) === 0;
  const near = neighbours && nearTo(photo, neighbours, options.endId ?? 2);
  const wanted: GenerateOptions = {
    ...options,
    // One caption more than requested, to know how far ahead the best one is.
    count: several ? Math.min(options.count + 1, options.beams!) : options.count,
    ...(several && near && { rescore: (found) => near.agreement(found).map((share) => neighbours.weight * share) }),
  };
  let first: readonly GeneratedCaption[] | undefined;
  const captions = await captionsWithin(limit, wanted, async (asked) => {
    const found = await captionsNaming(several ? concepts : undefined, photo, asked);
    first ??= found;
    return found;
  });
  const best = captions[0]!;
  // The limit leaves out captions, so the best one is compared with all that were found.
  const next = first?.[0] === best ? first[1] : captions[1];
  return {
    captions: captions.slice(0, options.count),
    concepts: photo.concepts,
    agreement: near?.agreement([best.tokens])[0],
    likeness: near?.likeness(),
    margin: several && next !== undefined ? best.score - next.score : undefined,
  };
}

/**
 * Searches for captions, and again if the best one lacks a sure concept. If the first caption names none at all, and
 * the second none that fits, a third search finds a place for the surest.
 */
async function captionsNaming(
  asked: RequiredConcepts | undefined,
  { start, concepts }: Pick<ReadFeatures, "start" | "concepts">,
  options: GenerateOptions,
): Promise<GeneratedCaption[]> {
  if (asked === undefined || concepts === undefined || !asked.anyLikely(concepts)) {
    return await searchCaptions(start(), options);
  }
  const { onWord, ...others } = options;
  const shared = isKept(options);
  let held: DecidedWord[] = [];
  const hold = onWord && { onWord: (word: DecidedWord) => held.push(word) };
  let captions = await searchCaptions(start(shared), { ...others, ...hold });
  const [first] = captions;
  const missing = first && asked.missing(concepts, first.tokens);
  if (first && missing) {
    const only = asked.onlyMissing(concepts, first.tokens);
    const search = async (from: RunStep, { required, reward }: MissingConcepts, isLast: boolean) => {
      held = [];
      const settings = isLast ? options : { ...others, ...hold };
      return await searchCaptions(from, { ...settings, required, conceptReward: reward });
    };
    if (missing.required.length > 0) captions = await search(start(shared), missing, only === undefined);
    if (only !== undefined && captions[0] !== undefined && !asked.isPlausible(concepts, captions[0].tokens)) {
      const helped = await search(asked.helping(start(shared), only, concepts), only, true);
      // Among few characters it may find nothing.
      if (helped.length > 0) captions = helped;
    }
  }
  for (const word of held) onWord?.(word);
  return captions;
}

/** The neighbours of a picture: how much captions agree with theirs, 0 to 1, and how similar it is to them, -1 to 1. */
function nearTo({ mean }: ReadFeatures, { datastore, count }: Neighbours, endId: number) {
  let found: Uint32Array | undefined;
  const nearest = () => {
    found ??= datastore.nearest(mean!, count);
    return found;
  };
  return {
    agreement: (captions: readonly Uint32Array[]): Float64Array => datastore.consensus(captions, nearest(), endId),
    likeness: (): number => datastore.likeness(mean!, nearest()),
  };
}
