import { describe, expect, test } from "bun:test";
import { corpusBleu } from "../../src/evaluation/mod.ts";

function words(text: string): string[] {
  return text.split(" ");
}

describe("corpusBleu()", () => {
  test("counts a word at most as often as it occurs in one reference", () => {
    // The example of Papineni et al.: "the" is in a reference twice at most, so that 2 of 7 count.
    const [bleu1] = corpusBleu([
      {
        id: "cat",
        hypothesis: words("the the the the the the the"),
        references: [words("the cat is on the mat"), words("there is a cat on the mat")],
      },
    ]);
    expect(bleu1).toBeCloseTo(2 / 7, 9);
  });

  test("punishes a caption shorter than the closest reference", () => {
    const reference = words("a dog runs on the wet sand");
    const [bleu1] = corpusBleu([{ id: "dog", hypothesis: reference.slice(0, 5), references: [reference] }]);
    expect(bleu1).toBeCloseTo(Math.exp(1 - 7 / 5), 8);
  });

  test("takes the shorter of two references that are equally close", () => {
    const [bleu1] = corpusBleu([
      { id: "dog", hypothesis: words("a b c d"), references: [words("a b c d e"), words("x y z")] },
    ]);
    expect(bleu1).toBeCloseTo(1, 8);
  });

  test("adds up counts over images before it divides", () => {
    const [bleu1] = corpusBleu([
      { id: "right", hypothesis: words("a"), references: [words("a")] },
      { id: "wrong", hypothesis: words("b c d"), references: [words("x y z")] },
    ]);
    expect(bleu1).toBeCloseTo(1 / 4, 8);
  });
});
