import { describe, expect, test } from "bun:test";
import { noRepeats, repeatableWords } from "../../src/decode/repeatable_words.ts";

describe("noRepeats()", () => {
  test("gives the ids of the words that the vocabulary knows", () => {
    const encode = (words: readonly string[]) =>
      words.map((word) => ["a", "in", "red"].indexOf(word)).map((place) => (place === -1 ? 3 : place + 4));
    const { noRepeatNgram, repeatable } = noRepeats(2, encode);
    expect(noRepeatNgram).toBe(2);
    expect([...repeatable!].filter((id) => id > 3).toSorted()).toEqual([4, 5, 6]);
    expect(repeatable!.includes(3)).toBe(false);
  });

  test("does not change bundles that do not ask for it", () => {
    expect(noRepeats(undefined, () => [])).toEqual({});
  });

  test("knows each word once, and no noun of people, animals or places", () => {
    expect(new Set(repeatableWords).size).toBe(repeatableWords.length);
    for (const noun of ["man", "woman", "dog", "people", "water", "snow", "front", "shirt"]) {
      expect(repeatableWords).not.toContain(noun);
    }
  });
});
