import { firstWord } from "../text/vocabulary_words.ts";
import type { SearchOptions } from "./search.ts";

/**
 * Words that may occur again in one caption, among other words: articles and pronouns, prepositions,
 * auxiliary verbs, numbers, colours, sizes and ages. "A young man and a young woman" repeats "a young", but nothing
 * that matters.
 */
export const repeatableWords: readonly string[] = [
  "a an the this that these those another other some all both each its it his her their he she they him them who which",
  "of in on to at by with and or but as while from through for into onto over under up down near next off out around",
  "across along behind before after between against towards toward beside beneath above below inside outside",
  "is are was were be being been has have 's there not no",
  "one two three four five six several many few different",
  "black white brown red blue green yellow orange pink purple gray grey tan dark light bright colorful blond blonde",
  "little small big large tall long short young old older younger",
].flatMap((line) => line.split(" "));

/**
 * The rule that keeps a search from repeating a phrase.
 *
 * @param noRepeatNgram The value in the bundle's manifest; without it every caption is allowed.
 * @param encode Returns the ids of words; 3 or less for words that are not in the vocabulary.
 */
export function noRepeats(
  noRepeatNgram: number | undefined,
  encode: (words: readonly string[]) => ArrayLike<number>,
): Pick<SearchOptions, "noRepeatNgram" | "repeatable"> {
  if (noRepeatNgram === undefined) return {};
  const known = Array.from(encode(repeatableWords)).filter((id) => id >= firstWord);
  return { noRepeatNgram, repeatable: Uint32Array.from(known) };
}
