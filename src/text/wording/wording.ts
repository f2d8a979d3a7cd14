import { neutral } from "./neutral.ts";
import { piecesOf } from "./pieces.ts";
import { settled, withArticles, withoutDoubles } from "./tidy.ts";

/** A word of a final caption. */
export interface WordedWord {
  readonly text: string;
  /** Places, rising from 0, of the model's words that this one stands for; at least one. */
  readonly from: readonly number[];
}

/** How to word captions. */
export interface WordingOptions {
  /** Whether to replace gendered words and leave out numbers above two. Default false. */
  readonly neutral?: boolean;
}

/**
 * The final words of a caption: with "a" and "an" as the next word requires, no adjective twice, and neutral if
 * requested. A second call does not change them.
 */
export function worded(words: readonly string[], { neutral: isNeutral = false }: WordingOptions = {}): WordedWord[] {
  const pieces = piecesOf(words);
  return withArticles(withoutDoubles(isNeutral ? neutral(pieces) : pieces)).map(({ text, from }) => ({ text, from }));
}

/** How many words at the beginning of a caption, worded without options, are final, whatever follows. */
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
