import { settledWords } from "../text/wording/wording.ts";
import type { CaptionWord } from "./caption.ts";
import { type Writing, wordedWords } from "./write_caption.ts";

/** Receives the words of a caption while it is being made. */
export interface WordStream {
  /** Receives the next word that the model decided. */
  readonly add: (word: CaptionWord) => void;
  /** Whether all words come at the end, so that `add` need not be called. */
  readonly waits: boolean;
  /** Passes on the remaining words of the finished caption. */
  readonly end: (words: readonly CaptionWord[]) => void;
}

/**
 * Passes on each word as soon as no later word can change it: "a" waits for the word that may make it "an". If
 * something is only known at the end, such as how sure a caption is, all words wait until then, because a word that was
 * sent cannot be taken back.
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
