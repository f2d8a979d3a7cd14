import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { noteMeanings } from "../../../src/server/chat/notes.ts";
import { readPrompt } from "../../../src/server/chat/prompt.ts";
import { processorTime } from "../../processor_time.ts";

describe("readPrompt()", () => {
  test("says in plain words what is available", () => {
    for (const [text, form, length, notes] of [
      ["", "sentence", undefined, []],
      ["  \n ", "sentence", undefined, []],
      ["What is in this image?", "sentence", undefined, ["prompt-ignored"]],
      ["Give me tags for this photo.", "keywords", undefined, ["keywords"]],
      ["KEYWORDS", "keywords", undefined, ["keywords"]],
      ["List five keywords, separated by commas", "keywords", undefined, ["keywords"]],
      ["Describe it in one word", "word", undefined, ["one-word"]],
      ["a one-word answer, please", "word", undefined, ["one-word"]],
      ["Write a short caption", "sentence", "short", ["short"]],
      ["Write a short, plain description.", "sentence", "short", ["short"]],
      ["Describe the image, and keep it short.", "sentence", "short", ["short"]],
      ["Write a long description", "sentence", "long", ["long"]],
      ["Beschreibe das Bild auf Deutsch", "sentence", undefined, ["prompt-ignored", "english-only"]],
      ["Create one sentence. Respond in German.", "sentence", undefined, ["prompt-ignored", "english-only"]],
      ["Décris l'image en français", "sentence", undefined, ["prompt-ignored", "english-only"]],
      ["この画像を日本語で説明して", "sentence", undefined, ["prompt-ignored", "english-only"]],
      ["Tags in Spanish", "keywords", undefined, ["keywords", "english-only"]],
    ] as const)
      expect([text, readPrompt(text)]).toEqual([text, { form, ...(length && { length }), notes: [...notes] }]);
  });

  test("finds how many characters there may be, and that words are to be neutral", () => {
    for (const [text, maxCharacters, neutral, notes] of [
      ["Write alt text of at most 125 characters.", 125, undefined, ["max-characters"]],
      ["Alt text under 125 characters, please", 124, undefined, ["max-characters"]],
      ["No more than 80 chars", 80, undefined, ["max-characters"]],
      ["Write a short caption (max. 40 characters)", 40, undefined, ["short", "max-characters"]],
      ["Write a short caption, max 40 characters", 40, undefined, ["short", "max-characters"]],
      ["Do not exceed 100 characters", 100, undefined, ["max-characters"]],
      ["60 characters or fewer", 60, undefined, ["max-characters"]],
      ["Use gender-neutral words", undefined, true, ["neutral"]],
      ["gender neutral, up to 90 characters", 90, true, ["max-characters", "neutral"]],
      ["Draw 3 characters of the film", undefined, undefined, ["prompt-ignored"]],
      ["under 0 characters", undefined, undefined, ["prompt-ignored"]],
      ["at most 99999 characters", undefined, undefined, ["prompt-ignored"]],
    ] as const) {
      const read = readPrompt(text);
      expect([text, read.maxCharacters, read.neutral, read.notes]).toEqual([text, maxCharacters, neutral, [...notes]]);
    }
  });

  test("changes no words that mean something else", () => {
    for (const text of [
      "Write an alt tag for this picture",
      "Describe it without tags.",
      "Use no keywords",
      "Add hashtags",
      "How long is the train?",
      "Answer, but not too long",
      "Is this a short person?",
      "Avoid text formatting, meta-language, and filler words.",
      "In English, please",
      "a photo in a Chinese restaurant",
    ])
      expect([text, readPrompt(text)]).toEqual([text, { form: "sentence", notes: ["prompt-ignored"] }]);
  });

  test("reads any text, in no time, property", () => {
    const word = fc.constantFrom("short", "long", "tags", "in", "no", ",", "one", "word", "caption", "\n", "é", "-");
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 40 }), (words) => {
        const { notes } = readPrompt(words.join(" "));
        expect(notes.every((note) => note in noteMeanings)).toBe(true);
        expect(notes.length > 0).toBe(words.join("").trim() !== "");
      }),
    );
    for (const part of ["short ", "short, a ", "in the ", " ", "one-", "auf "]) {
      const took = processorTime();
      readPrompt(part.repeat(1_000_000));
      expect([part, took() < 1500]).toEqual([part, true]);
    }
  });
});
