import { endsPhrase, inPlaceOf, joined, type Piece, reworded } from "./pieces.ts";
import { counts, functionWords, looksPlural, numbered } from "./word_lists.ts";

/** If one of these words comes before a number, the number is a name, not a count. */
const names: ReadonlySet<string> = new Set("a an number no # day route size".split(" "));
/** Most words between the number and the noun of a noun phrase. */
const mostBetween = 4;

/** Leaves out numbers above two: "four people" is "people", "a group of three dogs" a group of dogs. */
export function withoutCounts(pieces: readonly Piece[]): Piece[] {
  const kept: Piece[] = [];
  for (let place = 0; place < pieces.length; place++) {
    const piece = pieces[place]!;
    const next = pieces[place + 1];
    const before = kept.at(-1);
    const isCount = counts.has(piece.word) || /^(?:[3-9]|[1-9]\d)$/.test(piece.word);
    const isName = before !== undefined && names.has(before.word) && piece.word !== "dozen";
    if (!isCount || isName || (next !== undefined && numbered.has(next.word))) {
      kept.push(piece);
      continue;
    }
    if (next !== undefined && !endsPhrase(piece) && hasPluralAfter(pieces, place)) {
      // "a dozen eggs", "three dozen eggs"
      const article = piece.word === "dozen" && /^(?:an?|the)$/.test(before?.word ?? "") ? kept.pop() : undefined;
      const first = article ?? piece;
      const rest = article === undefined ? [piece] : [article, piece];
      pieces = pieces.with(place + 1, inPlaceOf(first, joined(next, ...rest)));
      continue;
    }
    if (/^\d/.test(piece.word)) kept.push(piece);
    else if (before?.word === "of" && kept.length > 1) {
      // "a group of four"
      kept.pop();
      const noun = kept.pop()!;
      kept.push(joined(reworded(noun, noun.word, piece.tail), before, piece));
    } else if (before !== undefined && /^(?:all|the|these|those)$/.test(before.word)) {
      kept.pop();
      kept.push(joined(reworded(before, "all", piece.tail), piece));
    } else kept.push(reworded(piece, "several"));
  }
  return kept;
}

/** Whether the phrase that a number begins ends with a plural noun. */
function hasPluralAfter(pieces: readonly Piece[], place: number): boolean {
  for (let at = place + 1; at <= place + 1 + mostBetween; at++) {
    const piece = pieces[at];
    if (piece === undefined) return false;
    if (looksPlural(piece.word)) return true;
    if (endsPhrase(piece) || (functionWords.has(piece.word) && piece.word !== "and")) return false;
  }
  return false;
}
