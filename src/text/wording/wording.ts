import { neutral } from "./neutral.ts";
import { piecesOf } from "./pieces.ts";
import { settled, withArticles, withoutDoubles } from "./tidy.ts";

/** A word of a caption as it is given. */
export interface WordedWord {
  readonly text: string;
  /** Places, rising from 0, of the words that the model said and that this one stands for; at least one. */
  readonly from: readonly number[];
}

/** How captions are to be worded. */
export interface WordingOptions {
  /** Whether words that tell men from women, and numbers above two, give way to others. Default false. */
  readonly neutral?: boolean;
}

/**
 * Words of a caption as they are given: with "a" and "an" as the next word has it, no adjective twice, and, if asked for,
 * neutral. Worded again, they stay the same.
 */
export function worded(words: readonly string[], { neutral: isNeutral = false }: WordingOptions = {}): WordedWord[] {
  const pieces = piecesOf(words);
  return withArticles(withoutDoubles(isNeutral ? neutral(pieces) : pieces)).map(({ text, from }) => ({ text, from }));
}

/** How many words of the beginning of a caption, worded without options, stay as they are whatever follows. */
export function settledWords(words: readonly string[]): number {
  return settled(withArticles(withoutDoubles(piecesOf(words))));
}

/** A text as a sentence: with a capital letter and a full stop. */
export function asSentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const first = String.fromCodePoint(trimmed.codePointAt(0)!);
  return `${first.toUpperCase()}${trimmed.slice(first.length)}${/[.!?…]["')]?$/.test(trimmed) ? "" : "."}`;
}
