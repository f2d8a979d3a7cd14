import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { noteMeanings } from "../../../src/server/chat/notes.ts";
import { readPrompt } from "../../../src/server/chat/prompt.ts";
import { processorTime } from "../../processor_time.ts";

describe("readPrompt()", () => {
  test("recognises what can be had, in plain words", () => {
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

  test("takes nothing from words that mean something else", () => {
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
