import { articleBefore } from "./articles.ts";
import { endsPhrase, joined, type Piece, reworded } from "./pieces.ts";
import { plainAdjectives } from "./word_lists.ts";

/** How many adjectives joined by "and" to look back at. */
const mostAdjectives = 2;

/** "a white and white train" is a white train, and "black and white and black" is black and white. */
export function withoutDoubles(pieces: readonly Piece[]): Piece[] {
  const kept: Piece[] = [];
  for (const piece of pieces) {
    const twin = twinOf(kept, piece);
    if (twin === undefined) {
      kept.push(piece);
      continue;
    }
    const and = kept.pop()!;
    // Punctuation after the second word moves to the last word that stays.
    const target = kept.length - 1 === twin ? twin : kept.length - 1;
    kept[target] = joined(reworded(kept[target]!, kept[target]!.word, piece.tail), and, piece);
  }
  return kept;
}

/** The place of the same adjective earlier in a row of adjectives joined by "and" that `next` continues. */
function twinOf(kept: readonly Piece[], next: Piece): number | undefined {
  if (!plainAdjectives.has(next.word)) return undefined;
  const first = Math.max(1, kept.length - 2 * mostAdjectives);
  for (let place = kept.length - 1; place >= first; place -= 2) {
    const [and, adjective] = [kept[place]!, kept[place - 1]!];
    if (and.text !== "and" || endsPhrase(adjective) || !plainAdjectives.has(adjective.word)) return undefined;
    if (adjective.word === next.word) return place - 1;
  }
  return undefined;
}

/** Words with "a" and "an" as the next word requires. */
export function withArticles(pieces: readonly Piece[]): Piece[] {
  return pieces.map((piece, place) => {
    const next = pieces[place + 1];
    if ((piece.word !== "a" && piece.word !== "an") || next === undefined || piece.tail !== "") return piece;
    if (!/^[\p{L}\p{N}]/u.test(next.word)) return piece;
    const article = articleBefore(next.word);
    return article === piece.word ? piece : reworded(piece, article);
  });
}

/**
 * How many words at the beginning of a caption are final, whatever follows: an article depends on its next word, and an
 * adjective on what it is joined to.
 */
export function settled(pieces: readonly Piece[]): number {
  let length = pieces.length;
  const word = (place: number) => pieces[place]?.word ?? "";
  if (word(length - 1) === "a" || word(length - 1) === "an") return length - 1;
  if (word(length - 1) === "and" && plainAdjectives.has(word(length - 2))) length -= 1;
  while (length > 0 && plainAdjectives.has(word(length - 1))) {
    length -= 1;
    if (word(length - 1) === "and" && plainAdjectives.has(word(length - 2))) length -= 1;
  }
  // The article before is final: its word is known and is never left out.
  return length;
}
