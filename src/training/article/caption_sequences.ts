import { EdgecapError } from "../../errors.ts";
import type { Vocabulary } from "../../text/vocabulary.ts";
import { unknownId } from "../../text/vocabulary_words.ts";
import { endId, startId } from "../attention/batches.ts";

/** Id of a word that is not in the vocabulary. */
/** A photo with its captions as the article feeds them: ids that begin with `<start>` and end with `<end>`. */
export interface SequencedPhoto {
  readonly image: string;
  readonly sequences: readonly Int32Array[];
}

/**
 * A caption's ids between `<start>` and `<end>`. Words that the vocabulary dropped are left out of the sequence, as in
 * the article, so the entry `<unk>` of edgecap's vocabularies is never an input and never a target.
 *
 * The article puts the text `<start>` before a caption and lets spaCy split it. The words `start` and `end` of a
 * caption then count as its marks. That is not intended, so the marks are separate entries here.
 */
export function captionSequence(tokens: readonly string[], vocabulary: Pick<Vocabulary, "encode">): Int32Array {
  const ids = [...vocabulary.encode(tokens)].filter((id) => id !== unknownId);
  return Int32Array.of(startId, ...ids, endId);
}

/**
 * Number of ids in the longest sequence, including the marks. Every prefix is padded to this length.
 *
 * The article computes it over training and test captions; here the test captions do not count.
 *
 * @throws {EdgecapError} `data-invalid` if no caption holds a word.
 */
export function longestCaption(photos: readonly SequencedPhoto[]): number {
  let longest = 0;
  for (const { sequences } of photos) for (const ids of sequences) longest = Math.max(longest, ids.length);
  if (longest < 3) {
    throw new EdgecapError(
      "data-invalid",
      "No caption contains a word of the vocabulary: lower --minimum-count, or give more captions.",
    );
  }
  return longest;
}
