import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parseNouns } from "../../src/concepts/noun_table.ts";
import { plainCaption, withArticle } from "../../src/confidence/plain_caption.ts";

const nouns = parseNouns(readFileSync(new URL("../../src/concepts/nouns.txt", import.meta.url), "utf8"));
const shows = (...pairs: [string, number][]) =>
  plainCaption(
    pairs.map(([name, probability]) => ({ name, probability })),
    nouns,
  );

describe("plainCaption()", () => {
  test("names at most two nouns, and only sure ones", () => {
    expect(shows(["dog", 0.95], ["umbrella", 0.8], ["ball", 0.75])).toBe("a photo of a dog and an umbrella");
    expect(shows(["dog", 0.7], ["umbrella", 0.69])).toBe("a photo of a dog");
    expect(shows(["dog", 0.69])).toBe("");
    expect(shows()).toBe("");
  });

  test("does not say the same thing twice", () => {
    expect(shows(["person", 0.99], ["man", 0.9], ["snow", 0.8])).toBe("a photo of a man and snow");
    expect(shows(["man", 0.99], ["person", 0.9])).toBe("a photo of a man");
    expect(shows(["bear", 0.99], ["polar bear", 0.9])).toBe("a photo of a polar bear");
    expect(shows(["person", 0.99], ["man", 0.6])).toBe("a photo of a person");
    expect(shows(["train", 0.9], ["train track", 0.8])).toBe("a photo of a train and a train track");
  });
});

describe("withArticle()", () => {
  test("puts the right article before nouns", () => {
    const said = [
      "zebra",
      "airplane",
      "uniform",
      "urinal",
      "hot dog",
      "oven",
      "snow",
      "scissors",
      "toilet paper",
      "sky",
    ];
    expect(said.map(withArticle)).toEqual([
      ...["a zebra", "an airplane", "a uniform", "a urinal", "a hot dog", "an oven"],
      ...["snow", "scissors", "toilet paper", "the sky"],
    ]);
  });

  test("puts the right article before all nouns of the table that begin with a vowel, and none before plurals", () => {
    const all = nouns.map(({ name }) => withArticle(name));
    expect(all.filter((name) => name.startsWith("an ")).join()).toBe(
      "an eagle,an owl,an ostrich,an insect,an elephant,an otter,an animal,an airplane,an airport,an office," +
        "an umbrella,an oven,an egg,an apple,an orange,an onion",
    );
    expect(all.filter((name) => /^a [aeiou]/.test(name))).toEqual(["a urinal", "a uniform"]);
    expect(all.filter((name) => /^an? .*[^su]s$/.test(name))).toEqual([]);
  });
});
