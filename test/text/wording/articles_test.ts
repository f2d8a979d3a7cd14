import { describe, expect, test } from "bun:test";
import { articleBefore } from "../../../src/text/wording/articles.ts";

describe("articleBefore()", () => {
  test("chooses by the sound that a word begins with", () => {
    const an =
      "orange apple umbrella elephant hour honest honor heir herb unidentified unimportant uninhabited SUV x-ray 8 11 18 80-year led";
    const a =
      "dog house uniform unicycle university urinal utensil utility useful European one one-way once ukulele u-turn yellow herbert 9 100 1 t-shirt wheel";
    for (const word of an.split(" ")) {
      expect([word, articleBefore(word)]).toEqual([word, "an"]);
    }
    for (const word of a.split(" ")) expect([word, articleBefore(word)]).toEqual([word, "a"]);
  });
});
