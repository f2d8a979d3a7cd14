import { repeatableWords } from "../../src/decode/repeatable_words.ts";

/** Something that a caption says twice. */
export interface Repeat {
  readonly kind: "word twice in a row" | "two words twice" | "three words twice" | "X and X";
  /** The repeated words. */
  readonly phrase: string;
}

const may = new Set(repeatableWords);
const articles = new Set(["a", "an", "the"]);

/**
 * Repetitions in a caption: a word twice in a row; a run of two or three words that occurs twice, unless all of them may
 * repeat ("next to a ... next to a"); the same thing on both sides of "and".
 *
 * @param words The caption's tokens, in lower case.
 */
export function repeatsIn(words: readonly string[]): Repeat[] {
  const found: Repeat[] = [];
  for (const [place, word] of words.entries()) {
    if (place > 0 && words[place - 1] === word) found.push({ kind: "word twice in a row", phrase: word });
    if (word !== "and" || place === 0) continue;
    const after = articles.has(words[place + 1] ?? "") ? words[place + 2] : words[place + 1];
    if (after === words[place - 1]) found.push({ kind: "X and X", phrase: after! });
  }
  for (const [length, kind] of [
    [2, "two words twice"],
    [3, "three words twice"],
  ] as const) {
    const seen = new Set<string>();
    for (let start = 0; start + length <= words.length; start++) {
      const run = words.slice(start, start + length);
      const phrase = run.join(" ");
      if (seen.has(phrase) && !run.every((word) => may.has(word))) found.push({ kind, phrase });
      seen.add(phrase);
    }
  }
  return found;
}
