/** A word of a caption on its way to another wording. */
export interface Piece {
  /** As it appears in the caption, with what is attached to it. */
  readonly text: string;
  /** The word alone, in lower case, without "'s" and punctuation. */
  readonly word: string;
  /** The characters before the word, such as a quotation mark. */
  readonly head: string;
  /** The characters after it, such as "'s" or a comma. */
  readonly tail: string;
  /** Places, rising, of the model's words that this one stands for. */
  readonly from: readonly number[];
}

/**
 * What is before a word, the word, and what comes after it. One pattern for all would look for the end again from each
 * character of a long word.
 */
function partsOf(text: string): { head: string; word: string; tail: string } {
  const head = /^[^\p{L}\p{N}']*/u.exec(text)![0];
  const characters = [...text.slice(head.length)];
  let end = characters.length;
  while (end > 0 && !/[\p{L}\p{N}']/u.test(characters[end - 1]!)) end--;
  const rest = characters.slice(0, end).join("");
  const word = rest.replace(/'(?:s|re|ve|ll|d|m)?$/u, "");
  return { head, word, tail: text.slice(head.length + word.length) };
}

/** Words as pieces. */
export function piecesOf(words: readonly string[]): Piece[] {
  return words.map((text, place) => {
    const from = [place];
    // Endings that the tokenizer splits off are separate words.
    if (/^(?:n't|'(?:s|re|ve|ll|d|m)?)$/i.test(text))
      return { text, word: text.toLowerCase(), head: "", tail: "", from };
    const { head, word, tail } = partsOf(text);
    return { text, word: word.toLowerCase(), head, tail, from };
  });
}

/** A piece with its word replaced; a capital stays a capital. @param tail What comes after it, if not the same. */
export function reworded(piece: Piece, word: string, tail = piece.tail): Piece {
  const capital = /^\p{Lu}/u.test(piece.text.slice(piece.head.length));
  const shown = capital ? word.slice(0, 1).toUpperCase() + word.slice(1) : word;
  return { ...piece, text: `${piece.head}${shown}${tail}`, word, tail };
}

/** A piece that also stands for others. */
export function joined(piece: Piece, ...others: readonly Piece[]): Piece {
  const from = [...new Set([piece, ...others].flatMap((one) => one.from))].sort((a, b) => a - b);
  return { ...piece, from };
}

/** A piece that replaces another: with a capital if that one has a capital. */
export function inPlaceOf(other: Piece, piece: Piece): Piece {
  if (!/^\P{L}*\p{Lu}/u.test(other.text)) return piece;
  return { ...piece, text: piece.text.replace(/\p{L}/u, (letter) => letter.toUpperCase()) };
}

/** Whether a phrase ends after a piece: a comma, a full stop. */
export function endsPhrase(piece: Piece): boolean {
  return /[^\p{L}\p{N}']$/u.test(piece.tail);
}
