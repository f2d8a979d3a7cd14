import type { Datastore } from "../retrieval/datastore.ts";
import type { GraphValue } from "../runtime/tensors.ts";
import { type Decoder, type ReadPhoto, readPhoto } from "./decoder.ts";
import type { RequiredConcepts } from "./required_concepts.ts";
import { type DecidedWord, type GeneratedCaption, type GenerateOptions, searchCaptions } from "./search_captions.ts";

/** Training photos that have a say in which beam wins. */
export interface Neighbours {
  readonly datastore: Datastore;
  /** How many of them, those most like the photo. */
  readonly count: number;
  /** What full agreement with their captions adds to a beam's score. */
  readonly weight: number;
}

/** What was generated for a photo. */
export interface Generated {
  /** Up to as many as were asked for, best first. */
  readonly captions: readonly GeneratedCaption[];
  /** Probability of each of the bundle's nouns; of decoders that look at concepts. */
  readonly concepts?: Float32Array | undefined;
  /** How much the best caption agrees with those of the neighbours, 0 to 1; if there are neighbours. */
  readonly agreement?: number | undefined;
  /** How like them the photo is, -1 to 1; if there are neighbours. */
  readonly likeness?: number | undefined;
  /** How much higher the best caption's score is than the next one's; of several beams. */
  readonly margin?: number | undefined;
}

/**
 * Generates captions for one feature grid with the decoder's graphs.
 *
 * Neighbours and concepts are asked with several beams: captions that are drawn at random, and greedy ones, stay as they
 * are. If the best caption lacks a concept that is sure, the search is made once more, with beams that name it. Of most
 * photos nothing is missing, and with those beams from the start every photo would pay for them. If a concept is sure,
 * words are given to `onWord` once it is known whether the caption lacks it.
 *
 * @param grid Features of one photo, [1, regions, features].
 * @param neighbours Training photos that have a say in which beam wins.
 * @param concepts Chooses the concepts that are sure and missing; of decoders that look at concepts.
 * @throws {EdgecapError} `option-invalid`, `logits-invalid`, `graph-failed` or `aborted`.
 */
export async function generate(
  decoder: Decoder,
  grid: GraphValue,
  options: Omit<GenerateOptions, "rescore" | "required" | "conceptReward">,
  neighbours?: Neighbours,
  concepts?: RequiredConcepts,
): Promise<Generated> {
  using photo = await readPhoto(decoder, grid);
  const several = (options.beams ?? 1) > 1 && (options.temperature ?? 0) === 0;
  const near = neighbours && nearTo(photo, neighbours, options.endId ?? 2);
  const captions = await captionsNaming(several ? concepts : undefined, photo, {
    ...options,
    // One more than is wanted, to know by how much the best one won.
    count: several ? Math.min(options.count + 1, options.beams!) : options.count,
    ...(several && near && { rescore: (found) => near.agreement(found).map((share) => neighbours.weight * share) }),
  });
  const [best, next] = captions;
  return {
    captions: captions.slice(0, options.count),
    concepts: photo.concepts,
    agreement: near?.agreement([best!.tokens])[0],
    likeness: near?.likeness(),
    margin: several && next !== undefined ? best!.score - next.score : undefined,
  };
}

/** Searches for captions, and once more if a concept is sure that the best lacks. */
async function captionsNaming(
  asked: RequiredConcepts | undefined,
  { step, restart, concepts }: ReadPhoto,
  options: GenerateOptions,
): Promise<GeneratedCaption[]> {
  if (asked === undefined || concepts === undefined || !asked.anySure(concepts)) {
    return await searchCaptions(step, options);
  }
  const { onWord, ...others } = options;
  const held: DecidedWord[] = [];
  const captions = await searchCaptions(step, {
    ...others,
    ...(onWord && { onWord: (word: DecidedWord) => held.push(word) }),
  });
  const required = asked.missing(concepts, captions[0]!.tokens);
  if (required.length > 0)
    return await searchCaptions(restart(), { ...options, required, conceptReward: asked.reward });
  for (const word of held) onWord?.(word);
  return captions;
}

/** The neighbours of a photo: how much captions agree with theirs, 0 to 1, and how like them it is, -1 to 1. */
function nearTo({ mean }: ReadPhoto, { datastore, count }: Neighbours, endId: number) {
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
