import { neutralPlurals } from "./gendered_words.ts";
import { endsPhrase, inPlaceOf, joined, type Piece, reworded } from "./pieces.ts";
import { functionWords } from "./word_lists.ts";

/** A noun phrase: "a young person", "two people". */
interface Phrase {
  readonly start: number;
  /** Place of its noun. */
  readonly end: number;
  /** Article, number or owner; missing at the beginning of a list without articles. */
  readonly determiner: Piece | undefined;
  readonly adjectives: readonly Piece[];
  readonly noun: Piece;
  /** The noun in the plural. */
  readonly plural: string;
  readonly isPlural: boolean;
}

const singulars = new Map([...neutralPlurals].map(([one, several]) => [several, one]));
const determiners: ReadonlySet<string> = new Set(
  "a an the one another two some several many both their its his her my our your".split(" "),
);
const mostAdjectives = 3;

/** "a person and a person" is two people, "children and two children" are children. */
export function withoutPairs(pieces: readonly Piece[]): Piece[] {
  for (const [place, piece] of pieces.entries()) {
    if (piece.text !== "and") continue;
    const left = phraseBefore(pieces, place);
    const right = left && phraseAfter(pieces, place, left.plural);
    if (left === undefined || right === undefined) continue;
    const mine = left.adjectives.map(({ word }) => word).join(" ");
    const yours = right.adjectives.map(({ word }) => word).join(" ");
    // "a young person and person": both are young.
    if (mine !== yours && !(right.determiner === undefined && yours === "")) continue;
    return [...pieces.slice(0, left.start), ...together(left, piece, right), ...pieces.slice(right.end + 1)];
  }
  return [...pieces];
}

function together(left: Phrase, and: Piece, right: Phrase): Piece[] {
  const both = !left.isPlural && !right.isPlural;
  const between = right.determiner === undefined ? [and] : [and, right.determiner];
  const noun = joined(reworded(left.noun, left.plural, right.noun.tail), right.noun);
  const rest = [...left.adjectives.map((one, place) => joined(one, ...right.adjectives.slice(place, place + 1))), noun];
  const kept = keptDeterminer(left.determiner);
  if (both) {
    const first = rest[0]!;
    // "two" takes the place of the article, or comes before the noun.
    const two = reworded(
      { ...(left.determiner ?? first), from: left.determiner?.from ?? first.from, head: "", tail: "" },
      "two",
    );
    if (kept !== undefined) return [kept, { ...two, text: "two", from: joined(and, ...between).from }, ...rest];
    return [joined(two, ...between), ...lowered(rest, left)];
  }
  if (kept !== undefined) return [joined(kept, ...between), ...rest];
  const others = left.determiner === undefined ? between : [left.determiner, ...between];
  const [first, ...more] = rest;
  return [inPlaceOf(left.determiner ?? first!, joined(first!, ...others)), ...more];
}

/** The determiner, if it says more than a number. */
function keptDeterminer(determiner: Piece | undefined): Piece | undefined {
  return determiner !== undefined && !/^(?:an?|one|another|two|both)$/.test(determiner.word) ? determiner : undefined;
}

/** Words after a new first word lose their capital. */
function lowered(rest: readonly Piece[], { determiner }: Phrase): Piece[] {
  if (determiner !== undefined) return [...rest];
  const [first, ...more] = rest;
  return [{ ...first!, text: `${first!.head}${first!.word}${first!.tail}` }, ...more];
}

function phraseBefore(pieces: readonly Piece[], and: number): Phrase | undefined {
  const end = and - 1;
  const noun = pieces[end];
  if (noun === undefined || endsPhrase(noun) || noun.tail !== "") return undefined;
  let start = end;
  while (start > 0 && end - start < mostAdjectives && isAdjective(pieces[start - 1]!)) start--;
  const before = pieces[start - 1];
  const determiner = before !== undefined && determiners.has(before.word) && !endsPhrase(before) ? before : undefined;
  const adjectives = pieces.slice(start, end);
  // Without an article, the word before may be a verb, and the two may be part of a longer list.
  if (determiner === undefined && (adjectives.length > 0 ? start > 0 : false)) return undefined;
  return phraseOf(noun, { start: determiner === undefined ? start : start - 1, end, determiner, adjectives });
}

function phraseAfter(pieces: readonly Piece[], and: number, plural: string): Phrase | undefined {
  const start = and + 1;
  const first = pieces[start];
  const determiner = first !== undefined && determiners.has(first.word) ? first : undefined;
  let end = determiner === undefined ? start : start + 1;
  const from = end;
  while (end - from < mostAdjectives && pieces[end] !== undefined && !isNounOf(pieces[end]!, plural)) {
    if (!isAdjective(pieces[end]!)) return undefined;
    end++;
  }
  const noun = pieces[end];
  if (noun === undefined || !isNounOf(noun, plural)) return undefined;
  return phraseOf(noun, { start, end, determiner, adjectives: pieces.slice(from, end) });
}

function phraseOf(noun: Piece, others: Omit<Phrase, "noun" | "plural" | "isPlural">): Phrase | undefined {
  const plural = neutralPlurals.get(noun.word) ?? (singulars.has(noun.word) ? noun.word : undefined);
  return plural === undefined ? undefined : { ...others, noun, plural, isPlural: plural === noun.word };
}

function isNounOf({ word }: Piece, plural: string): boolean {
  return word === plural || neutralPlurals.get(word) === plural;
}

function isAdjective(piece: Piece): boolean {
  return !functionWords.has(piece.word) && !endsPhrase(piece) && piece.tail === "" && !determiners.has(piece.word);
}
