/** Text that is put in at a place, in UTF-16 code units. */
export interface Addition {
  readonly at: number;
  readonly text: string;
}

/**
 * Puts pieces into a text, all of which stays.
 *
 * @param additions In the order of their places.
 */
export function withAdditions(text: string, additions: readonly Addition[]): string {
  const ends = [...additions.slice(1).map(({ at }) => at), text.length];
  const first = text.slice(0, additions[0]?.at);
  return first + additions.map((addition, index) => addition.text + text.slice(addition.at, ends[index])).join("");
}
