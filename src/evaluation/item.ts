/** A caption to score and the captions people gave to the same image, all in words. */
export interface TokenizedItem {
  /** Name of the image; no two items share one. */
  readonly id: string;
  /** Words of the caption; an empty list scores 0. */
  readonly hypothesis: readonly string[];
  /** At least one reference, in words. */
  readonly references: readonly (readonly string[])[];
}

/** A caption to score and the captions people gave to the same image, as they were written. */
export interface TextItem {
  /** Name of the image; no two items share one. */
  readonly id: string;
  readonly hypothesis: string;
  /** At least one reference. */
  readonly references: readonly string[];
}
