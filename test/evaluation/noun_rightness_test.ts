import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parseNouns } from "../../src/concepts/noun_table.ts";
import { NounRightness } from "../../src/evaluation/noun_rightness.ts";

const nouns = parseNouns(readFileSync(new URL("../../src/concepts/nouns.txt", import.meta.url), "utf8"));
const rightness = new NounRightness(nouns);

const dog = ["A brown dog runs.", "A dog on grass.", "Dogs play.", "An animal runs through a field.", "A pet outside."];

describe("NounRightness", () => {
  test("requires that at least one person names every noun, and that two people name one of them", () => {
    expect(rightness.isRight("a dog runs through the grass", dog)).toBe(true);
    expect(rightness.isRight("a dog", dog)).toBe(true);
    expect(rightness.isRight("a dog in a field", dog)).toBe(true);
    expect(rightness.isRight("a dog with a ball", dog)).toBe(false);
    expect(rightness.isRight("a cat", dog)).toBe(false);
    expect(rightness.isRight("an animal in a field", dog)).toBe(false);
    expect(rightness.isRight("a dog", dog.slice(0, 1))).toBe(false);
  });

  test("does not call a caption right if it names nothing, or if nobody described the picture", () => {
    for (const caption of ["", "it runs fast", "something brown"]) expect(rightness.isRight(caption, dog)).toBe(false);
    expect(rightness.isRight("a dog", [])).toBe(false);
  });

  test("accepts words for the same kind of thing instead of each other", () => {
    const child = ["A kid jumps.", "A child in the air.", "A young person jumps."];
    expect(rightness.isRight("a boy jumps", child)).toBe(true);
    expect(rightness.isRight("a girl jumps", child)).toBe(true);
    expect(rightness.isRight("a person jumps", ["A man jumps.", "A guy in the air."])).toBe(true);
    expect(rightness.isRight("a man jumps", ["People jump.", "Two people."])).toBe(true);
  });

  test("does not confuse men and women", () => {
    const woman = ["A woman sits.", "A lady.", "A person on a bench."];
    expect(rightness.isRight("a man sits", woman)).toBe(false);
    expect(rightness.isRight("a boy sits", woman)).toBe(false);
    expect(rightness.isRight("a girl sits", woman)).toBe(true);
    expect(rightness.isRight("a woman sits", ["A man sits.", "A guy sits."])).toBe(false);
    expect(rightness.isRight("a man sits", ["A man and a woman.", "A couple of people."])).toBe(true);
  });

  test("finds nouns of several words", () => {
    expect(rightness.isRight("a hot dog", dog)).toBe(false);
    expect(rightness.isRight("a traffic light", ["A traffic light.", "A red stop light over a street."])).toBe(true);
  });
});
