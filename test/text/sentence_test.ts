import { describe, expect, test } from "bun:test";
import { sentence } from "../../src/text/sentence.ts";

describe("sentence()", () => {
  test("closes split contractions and possessives", () => {
    expect(sentence(["the", "man", "'s", "dog", "does", "n't", "bark"])).toBe("the man's dog doesn't bark");
  });

  test("is empty without words, and keeps a leading ending", () => {
    expect(sentence([])).toBe("");
    expect(sentence(["'s", "here"])).toBe("'s here");
  });
});
