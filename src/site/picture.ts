/** A picture that a document shows, and what stands there as its alternative text. */
export interface SitePicture {
  /** Where it begins in the text of the document, in UTF-16 code units. */
  readonly start: number;
  /**
   * `absent`: it has no alternative text. `present`: it has one. `decorative`: an empty one says that it needs none.
   * `hidden`: it is kept from screen readers. `template`: its tag is made by a program, which may add the text itself.
   */
  readonly state: "absent" | "present" | "decorative" | "hidden" | "template";
  /** Its address as the document has it, with character references and escapes resolved. */
  readonly source?: string;
  /** Where to insert alternative text. */
  readonly at: number;
  /** Turns alternative text into what is put in there. */
  readonly markup: (alt: string) => string;
}

/** What is read from the text of a document. */
export interface SitePictures {
  /** In the order in which they stand there. */
  readonly pictures: readonly SitePicture[];
  /** The address that others are relative to, if `<base>` gives one. */
  readonly base?: string;
}
