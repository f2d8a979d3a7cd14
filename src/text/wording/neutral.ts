import { withoutCounts } from "./counts.ts";
import { bareGenitives, genderedNouns, phrases } from "./gendered_words.ts";
import { withoutPairs } from "./pairs.ts";
import { endsPhrase, inPlaceOf, joined, type Piece, piecesOf, reworded } from "./pieces.ts";
import { neutralPronouns } from "./pronouns.ts";
import { functionWords, verbs } from "./word_lists.ts";

/**
 * Replaces gendered words by person, people, child and children, adapts pronouns and verbs, and leaves out numbers
 * above two.
 */
export function neutral(pieces: readonly Piece[]): Piece[] {
  const spoken = neutralPronouns(withPhrases(pieces));
  let before = neutralNouns(spoken);
  // One pair can make another: "a man, a woman and two girls".
  for (let turn = 0; turn < pieces.length; turn++) {
    const after = withoutCounts(withoutPairs(before));
    if (after.length === before.length && after.every(({ text }, place) => text === before[place]!.text)) return after;
    before = after;
  }
  return before;
}

function withPhrases(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (let place = 0; place < pieces.length; ) {
    const found = phrases.find(([said]) => said.every((word, i) => pieces[place + i]?.word === word));
    if (found === undefined) {
      result.push(pieces[place]!);
      place++;
      continue;
    }
    const [said, instead] = found;
    const [first, ...others] = pieces.slice(place, place + said.length) as [Piece, ...Piece[]];
    const last = others.at(-1) ?? first;
    result.push(...spelledOut(joined({ ...first, tail: last.tail }, ...others), instead));
    place += said.length;
  }
  return result;
}

function neutralNouns(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  let waiting: Piece[] = [];
  for (const [place, piece] of pieces.entries()) {
    const next = pieces[place + 1];
    if (/^(?:fe)?male$/.test(piece.word) && !isNoun(result.at(-1), piece, next)) {
      waiting.push(piece);
      continue;
    }
    const said = genderedNouns.get(piece.word);
    const bare = bareGenitives.get(piece.word);
    let pieced = [piece];
    if (said !== undefined) pieced = spelledOut(genitive(piece, said), said.split(" "));
    else if (bare !== undefined)
      pieced = piecesOf([bare]).map((one) => reworded({ ...one, text: piece.text, from: piece.from }, one.word));
    // "boys '" is "children 's"
    if (piece.text === "'" && /^(?:people|children)$/.test(result.at(-1)?.word ?? "")) pieced = [reworded(piece, "'s")];
    if (waiting.length > 0) {
      pieced = pieced.with(0, inPlaceOf(waiting[0]!, joined(pieced[0]!, ...waiting)));
      waiting = [];
    }
    result.push(...pieced);
  }
  return result;
}

/** Whether "male" is a noun here: "a male in a hat", and not "a male surfer". */
function isNoun(before: Piece | undefined, piece: Piece, next: Piece | undefined): boolean {
  if (next === undefined || endsPhrase(piece) || piece.tail !== "" || functionWords.has(next.word)) return true;
  if (/(?:ing|ed)$/.test(next.word)) return true;
  return verbs.has(next.word) && /^(?:an?|one|the)$/.test(before?.word ?? "");
}

/** "boys'" is "children's". */
function genitive(piece: Piece, neutralNoun: string): Piece {
  const tail = neutralNoun.endsWith("s") ? piece.tail : piece.tail.replace(/^'(?![a-z])/, "'s");
  return { ...piece, tail };
}

/** Words that replace one word, or several that are joined: each of them stands for what was replaced. */
function spelledOut(piece: Piece, words: readonly string[]): Piece[] {
  return words.map((word, place) => {
    const tail = place === words.length - 1 ? piece.tail : "";
    return place === 0 ? reworded(piece, word, tail) : { ...piece, head: "", text: `${word}${tail}`, word, tail };
  });
}
