import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { CaptionWord } from "../../src/caption/caption.ts";
import { wordStream } from "../../src/caption/word_stream.ts";
import {
  charactersAdded,
  type FoundCaptions,
  roomOf,
  type Writing,
  wordedWords,
  writeCaption,
} from "../../src/caption/write_caption.ts";
import { sentence } from "../../src/text/sentence.ts";

const plainly: Writing = { neutral: false, sentence: false, maxCharacters: 0, minConfidence: 0 };
const timing = { imageMs: 1, encodeMs: 2, generateMs: 3 };

/** Words of a text, each with its own probability and a map of two regions. */
function wordsOf(text: string): CaptionWord[] {
  return text.split(" ").map((word, place) => ({
    text: word,
    logProbability: -(place + 1) / 8,
    attention: place % 2 === 0 ? [1, 0] : [0, 1],
  }));
}

function found(texts: readonly string[], more: Partial<FoundCaptions> = {}): FoundCaptions {
  const captions = texts.map((text, place) => ({ words: wordsOf(text), logProbability: -place - 9, finished: true }));
  return { captions, concepts: [], timing, ...more };
}

const written = (texts: readonly string[], writing: Partial<Writing>, more: Partial<FoundCaptions> = {}) =>
  writeCaption(found(texts, more), { ...plainly, ...writing });

const dog = { name: "dog", probability: 0.9 };

describe("writeCaption()", () => {
  test("gives the best caption, its words and the others", () => {
    const { caption, words, alternatives, reason } = written(["a man 's dog", "a dog"], {});
    expect([caption, words.map(({ text }) => text)]).toEqual(["a man's dog", ["a", "man", "'s", "dog"]]);
    expect(alternatives).toEqual([{ caption: "a dog", logProbability: -10 }]);
    expect(reason).toBeUndefined();
  });

  test("leaves out an alternative with the same words as an earlier one", () => {
    const { caption, alternatives } = written(["a man runs", "a woman runs", "a boy runs"], { neutral: true });
    expect([caption, alternatives.map((one) => one.caption)]).toEqual(["a person runs", ["a child runs"]]);
  });

  test("makes sentences of all captions, and leaves the words in lower case", () => {
    const { caption, alternatives, words } = written(["a orange dog", "a cat"], { sentence: true });
    expect([caption, alternatives[0]!.caption, words[0]!.text]).toEqual(["An orange dog.", "A cat.", "an"]);
  });

  test("counts the characters of the final text, and never uses a sentence that was cut", () => {
    const text = "a man eats";
    expect(written([text], { maxCharacters: 10 }).caption).toBe(text);
    expect(written([text], { maxCharacters: 9 })).toMatchObject({ caption: "", reason: "too-long", words: [] });
    expect(written([text], { maxCharacters: 10, sentence: true }).reason).toBe("too-long");
    expect(written([text], { maxCharacters: 11, sentence: true }).caption).toBe("A man eats.");
    expect(written([text], { maxCharacters: 12, neutral: true }).reason).toBe("too-long");
    expect(written([text], { maxCharacters: 13, neutral: true }).caption).toBe("a person eats");
    const cut = found([text]);
    const captions = cut.captions.map((one) => ({ ...one, finished: false }));
    expect(writeCaption({ ...cut, captions }, { ...plainly, maxCharacters: 99 }).reason).toBe("too-long");
    // A character outside the basic plane is one.
    expect(written(["a 🐕"], { maxCharacters: 3 }).caption).toBe("a 🐕");
  });

  test("gives a plain caption in the same form, if it fits", () => {
    const known = { concepts: [dog, { name: "man", probability: 0.8 }], confidence: 0.2 };
    const unsure = { minConfidence: 0.5 };
    const answer = written(["a man sits"], { ...unsure, sentence: true, neutral: true }, known);
    expect(answer).toMatchObject({ caption: "A photo of a dog and a person.", reason: "unsure", confidence: 0.2 });
    expect(answer.concepts.map(({ name }) => name)).toEqual(["dog", "person"]);
    expect(written(["a man sits"], { ...unsure, maxCharacters: 26 }, known).caption).toBe("a photo of a dog and a man");
    expect(written(["a man sits"], { ...unsure, maxCharacters: 25 }, known).caption).toBe("");
    expect(written(["a man sits on it"], { maxCharacters: 14 }, { concepts: [dog] })).toMatchObject({ caption: "" });
    expect(written(["a man sits down there"], { maxCharacters: 16 }, { concepts: [dog] })).toMatchObject({
      caption: "a photo of a dog",
      reason: "too-long",
      logProbability: -9,
    });
  });

  test("gives neutral concepts, each once", () => {
    const concepts = ["man", "dog", "woman", "girl"].map((name, i) => ({ name, probability: 0.9 - i / 10 }));
    expect(written(["a dog"], { neutral: true }, { concepts }).concepts).toEqual([
      { name: "person", probability: 0.9 },
      { name: "dog", probability: 0.8 },
      { name: "child", probability: expect.closeTo(0.6, 9) },
    ]);
  });

  test("keeps the probability of all words together, and maps that add up to 1", () => {
    const text = fc.array(
      fc.constantFrom(..."a man and woman white dog orange four people policeman he runs".split(" ")),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(text, fc.boolean(), (texts, neutral) => {
        const words = wordsOf(texts.join(" "));
        const given = wordedWords(words, { neutral });
        const sum = (all: readonly CaptionWord[]) => all.reduce((total, word) => total + word.logProbability, 0);
        expect(sum(given)).toBeCloseTo(sum(words), 9);
        for (const { attention } of given) expect(attention![0]! + attention![1]!).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe("wordStream()", () => {
  const streamed = (text: string, writing: Partial<Writing>) => {
    const events: string[][] = [];
    const handed: CaptionWord[] = [];
    const how = { ...plainly, ...writing };
    const stream = wordStream((word) => handed.push(word), how);
    for (const word of wordsOf(text)) {
      stream.add(word);
      events.push(handed.map((one) => one.text));
    }
    const { words } = writeCaption(found([text]), how);
    stream.end(words);
    expect(handed).toEqual([...words]);
    return events;
  };

  test("passes on words at once, except those that depend on the next one", () => {
    expect(streamed("a dog on a orange mat", {})).toEqual([
      [],
      ["a", "dog"],
      ["a", "dog", "on"],
      ["a", "dog", "on"],
      ["a", "dog", "on", "an"],
      ["a", "dog", "on", "an", "orange", "mat"],
    ]);
    expect(streamed("a white and white cat", {}).slice(0, 4)).toEqual([[], ["a"], ["a"], ["a"]]);
  });

  test("passes on all words at the end if the caption is only known then", () => {
    for (const writing of [{ neutral: true }, { maxCharacters: 99 }, { minConfidence: 0.1 }])
      for (const words of streamed("a man and a woman run", writing)) expect(words).toEqual([]);
  });
});

test("charactersAdded() is what a word adds, with the blank before it", () => {
  const add = (word: string, neutral = false) => charactersAdded(word, { neutral });
  expect([add("dog"), add("'s"), add("man"), add("man", true), add("policeman", true)]).toEqual([4, 2, 4, 7, 15]);
  const text = ["a", "dog", "'s", "bowl"];
  const sum = text.reduce((total, word) => total + add(word), 0);
  expect(sum).toBe(sentence(text).length + 1);
  expect(roomOf({ ...plainly, maxCharacters: 10 })).toBe(11);
  expect(roomOf({ ...plainly, maxCharacters: 10, sentence: true })).toBe(10);
});
