import { genderedNouns, pronouns } from "./gendered_words.ts";
import { endsPhrase, type Piece, reworded } from "./pieces.ts";
import { adverbs, animals, functionWords, isParentOfAnimals, persons, verbs } from "./word_lists.ts";

/** Words before an animal that begins a sentence: "a close up of a brown dog", "a black and white dog". */
const beforeAnimals: ReadonlySet<string> = new Set("a an the one of and close up view photo picture".split(" "));

/** Words behind "his" that show that nothing is owned: "one of his and two others". Behind any other word it owns. */
const afterHis: ReadonlySet<string> = new Set(
  "and or but is are was were while as that who which with by of from to on in at because so when where".split(" "),
);

/** Function words that are nouns or adjectives behind "her": "on her back", "her can of beer". */
const ownedWords: ReadonlySet<string> = new Set(["back", "can"]);

/** Words behind which "her" is a person whom the next words describe: "another person behind her holding a cup". */
const besideHer: ReadonlySet<string> = new Set("behind beside facing".split(" "));
const describing: ReadonlySet<string> = new Set(
  "holding wearing standing sitting watching looking smiling talking taking laughing pointing carrying pushing pulling".split(
    " ",
  ),
);

/**
 * "he" is "they" with its verbs, "his" is "their"; for an animal at the beginning of the sentence, they are "it" and
 * "its".
 */
export function neutralPronouns(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [...pieces];
  let verbsFrom: number | undefined;
  for (const [place, piece] of pieces.entries()) {
    const said = pronouns.get(piece.word);
    if (said !== undefined) {
      const ofAnimal = isOfAnimal(pieces.slice(0, place));
      const instead = neutralPronoun(piece, pieces[place + 1], pieces[place - 1])[ofAnimal ? "animal" : "people"];
      result[place] = reworded(piece, instead, tailOf(piece, ofAnimal));
      const isSubject = piece.word === "he" || piece.word === "she";
      if (isSubject) verbsFrom = ofAnimal ? undefined : place + 1;
      continue;
    }
    if (verbsFrom === undefined) continue;
    if (place === verbsFrom) {
      if (adverbs.has(piece.word)) verbsFrom++;
      else result[place] = pluralVerb(piece, pieces[place + 1]);
    } else if (verbs.has(piece.word) && /^(?:and|or|then)$/.test(pieces[place - 1]!.word)) {
      result[place] = pluralVerb(piece, pieces[place + 1]);
    }
    if (/^(?:while|as|who|that|which|it|they)$/.test(piece.word) && place > verbsFrom) verbsFrom = undefined;
  }
  return result;
}

/** "he's" is "they're". */
function tailOf(piece: Piece, ofAnimal: boolean): string {
  return ofAnimal ? piece.tail : piece.tail.replace(/^'s/, "'re");
}

/** The replacement for a pronoun. For "her" and "his" it depends on whether the next word belongs to them. */
function neutralPronoun(
  piece: Piece,
  next: Piece | undefined,
  before: Piece | undefined,
): { readonly people: string; readonly animal: string } {
  const said = pronouns.get(piece.word)!;
  // "her hat" and "behind her", "his hat" and "one of his".
  const ends = next === undefined || endsPhrase(piece) || next.word === "";
  if (piece.word === "his") return ends || afterHis.has(next.word) ? pronouns.get("hers")! : said;
  if (piece.word !== "her") return said;
  const isOwner =
    !ends &&
    (!functionWords.has(next.word) || ownedWords.has(next.word)) &&
    !(besideHer.has(before?.word ?? "") && describing.has(next.word));
  return isOwner ? said : pronouns.get("him")!;
}

/** Whether the sentence begins with an animal, and names nobody before the pronoun. */
function isOfAnimal(before: readonly Piece[]): boolean {
  const place = before.findIndex(({ word }) => animals.has(word));
  if (place === -1) return false;
  const isNobody = ({ word }: Piece, at: number) =>
    (!persons.has(word) && !genderedNouns.has(word)) || isParentOfAnimals(word, before[at + 1]?.word);
  const begins = before.slice(0, place).every(({ word }) => beforeAnimals.has(word) || !functionWords.has(word));
  return begins && before.every(isNobody);
}

const irregular: Readonly<Record<string, string>> = {
  is: "are",
  "'s": "'re",
  was: "were",
  has: "have",
  does: "do",
  goes: "go",
  lies: "lie",
  ties: "tie",
  dies: "die",
};

/** A verb after "they". */
function pluralVerb(piece: Piece, next: Piece | undefined): Piece {
  const { word } = piece;
  if (word === "'s" && next?.word === "got") return reworded(piece, "'ve");
  const known = irregular[word];
  if (known !== undefined) return reworded(piece, known);
  if (/[^aeiou]ies$/.test(word)) return reworded(piece, `${word.slice(0, -3)}y`);
  if (/(?:ss|sh|ch|x|zz)es$/.test(word)) return reworded(piece, word.slice(0, -2));
  if (/[a-z]s$/.test(word) && !/(?:ss|us|is)$/.test(word)) return reworded(piece, word.slice(0, -1));
  return word === "skis" ? reworded(piece, "ski") : piece;
}
