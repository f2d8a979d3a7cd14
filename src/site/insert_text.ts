/** Text that is put in at a place, in UTF-16 code units. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
}

/**
 * Puts pieces into a text, all of which stays.
 *
 * @param insertions In the order of their places.
 */
export function insertText(text: string, insertions: readonly Insertion[]): string {
  const ends = [...insertions.slice(1).map(({ at }) => at), text.length];
  const first = text.slice(0, insertions[0]?.at);
  return first + insertions.map((insertion, index) => insertion.text + text.slice(insertion.at, ends[index])).join("");
}
