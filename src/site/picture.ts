/** A picture that a document shows, and its present alternative text. */
export interface SitePicture {
  /** Where it begins in the text of the document, in UTF-16 code units. */
  readonly start: number;
  /**
   * `absent`: it has no alternative text. `present`: it has one. `decorative`: an empty one says that it needs none.
   * `hidden`: screen readers skip it. `template`: a program generates its tag and may add the text itself.
   */
  readonly state: "absent" | "present" | "decorative" | "hidden" | "template";
  /** Its address as the document has it, with character references and escapes resolved. */
  readonly source?: string;
  /** Where to insert alternative text. */
  readonly at: number;
  /** Turns alternative text into what is inserted there. */
  readonly markup: (alt: string) => string;
}

/** The facts that are read from the text of a document. */
export interface SitePictures {
  /** In the order of the document. */
  readonly pictures: readonly SitePicture[];
  /** The address that others are relative to, if `<base>` gives one. */
  readonly base?: string;
}
