import { settledWords } from "../text/wording/wording.ts";
import type { CaptionWord } from "./caption.ts";
import { type Writing, wordedWords } from "./write_caption.ts";

/** What takes the words of a caption while it is made. */
export interface WordStream {
  /** Takes the next word that the model decided. */
  readonly add: (word: CaptionWord) => void;
  /** Whether all words come at the end, so that none has to be added. */
  readonly waits: boolean;
  /** Hands on what is left of the caption that was made. */
  readonly end: (words: readonly CaptionWord[]) => void;
}

/**
 * Hands words on as soon as no word to come can change them: "a" waits for the word that makes it "an". What is only known
 * at the end, such as how sure a caption is, holds all of them back until then, as a word that was said cannot be taken back.
 */
export function wordStream(onWord: (word: CaptionWord) => void, writing: Writing): WordStream {
  const { neutral, maxCharacters, minConfidence } = writing;
  const waits = neutral || maxCharacters > 0 || minConfidence > 0;
  const decided: CaptionWord[] = [];
  let handed = 0;
  const hand = (words: readonly CaptionWord[], until: number) => {
    for (; handed < until; handed++) onWord(words[handed]!);
  };
  return {
    waits,
    add: (word) => {
      decided.push(word);
      if (!waits) hand(wordedWords(decided, writing), settledWords(decided.map(({ text }) => text)));
    },
    end: (words) => hand(words, words.length),
  };
}
