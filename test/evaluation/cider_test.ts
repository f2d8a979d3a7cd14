import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { CiderScorer } from "../../src/evaluation/mod.ts";

const references = new Map([
  [
    "dog",
    [
      ["a", "dog", "runs"],
      ["the", "dog", "is", "running"],
    ],
  ],
  ["cat", [["a", "cat", "sleeps"]]],
  ["boat", [["two", "boats", "on", "a", "lake"]]],
]);

describe("CiderScorer", () => {
  test("gives a score that was computed by hand", () => {
    // "x y" against "x z" of two images: unigram weights are ln 2 each and the lengths are equal, so that one of two
    // words gives a cosine of 1/2 in the first order and none in the other three.
    const scorer = new CiderScorer(
      new Map([
        ["first", [["x", "z"]]],
        ["second", [["q", "r"]]],
      ]),
    );
    expect(scorer.score("first", ["x", "y"])).toBeCloseTo((10 * 0.5) / 4, 12);
  });

  test("punishes a caption of another length by the Gaussian of sigma 6", () => {
    const scorer = new CiderScorer(
      new Map([
        ["first", [["x"]]],
        ["second", [["q"]]],
      ]),
    );
    const weights = Math.sqrt(1 + 4 ** 2);
    const expected = ((10 / 4) * Math.exp(-(4 ** 2) / (2 * 6 ** 2))) / weights;
    expect(scorer.score("first", ["x", "y", "y", "y", "y"])).toBeCloseTo(expected, 12);
  });

  test("gives weight 0 to a word that every image has", () => {
    expect(new CiderScorer(references).score("dog", ["a"])).toBe(0);
  });

  test("gives the same score again, whatever it scored between", () => {
    const scorer = new CiderScorer(references);
    const caption = fc.array(fc.constantFrom("a", "dog", "cat", "runs", "boats", "unknown"), { maxLength: 8 });
    const image = fc.constantFrom("dog", "cat", "boat");
    fc.assert(
      fc.property(image, caption, image, caption, (first, firstCaption, second, secondCaption) => {
        const before = scorer.score(first, firstCaption);
        scorer.score(second, secondCaption);
        expect(scorer.score(first, firstCaption)).toBe(before);
        expect(new CiderScorer(references).score(first, firstCaption)).toBe(before);
      }),
    );
  });

  test("refuses an image without references", () => {
    for (const scorer of [new CiderScorer(references), new CiderScorer(new Map([["bird", []]]))]) {
      let thrown: unknown;
      try {
        scorer.score("bird", ["a"]);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(EdgecapError);
      expect((thrown as EdgecapError).message).toMatch(/"bird"/);
    }
  });
});
