/** A caption without a photo. */
export interface EncodedText {
  /** Word ids, without start and end. */
  readonly words: Int32Array;
  /** Nouns that it names, as places in the table of nouns. */
  readonly nouns: ReadonlySet<number>;
}
