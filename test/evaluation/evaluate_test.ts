import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { evaluate, evaluateText, type Scores, type TokenizedItem } from "../../src/evaluation/mod.ts";

const word = fc.constantFrom("a", "dog", "runs", "on", "the", "beach", "two", "red");
const sentence = fc.array(word, { minLength: 4, maxLength: 12 });
const references = fc.array(sentence, { minLength: 1, maxLength: 5 });

/** Items with different ids, and hypotheses of any length, 0 included. */
const items = fc
  .array(fc.record({ hypothesis: fc.array(word, { maxLength: 12 }), references }), { minLength: 1, maxLength: 12 })
  .map((rows) => rows.map((row, place) => ({ id: String(place), ...row })));

function expectClose(scores: Scores, others: Scores): void {
  for (const name of ["bleu1", "bleu2", "bleu3", "bleu4", "rougeL", "cider"] as const) {
    expect(scores[name]).toBeCloseTo(others[name], 10);
  }
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("evaluate()", () => {
  test("gives BLEU and ROUGE-L of 1 to captions that repeat a reference", () => {
    fc.assert(
      fc.property(fc.array(references, { minLength: 1, maxLength: 8 }), fc.nat(), (images, choice) => {
        const repeated = images.map((sentences, place) => ({
          id: String(place),
          hypothesis: sentences[choice % sentences.length]!,
          references: sentences,
        }));
        const scores = evaluate(repeated);
        for (const name of ["bleu1", "bleu2", "bleu3", "bleu4", "rougeL"] as const) {
          expect(scores[name]).toBeCloseTo(1, 6);
        }
      }),
    );
  });

  test("gives CIDEr of 10 to captions that repeat the only reference of images that share no words", () => {
    const sentences = [["one", "dog", "runs", "fast"], "a red boat on water".split(" ")];
    const scores = evaluate(sentences.map((own, place) => ({ id: String(place), hypothesis: own, references: [own] })));
    expect(scores.cider).toBeCloseTo(10, 9);
  });

  test("does not depend on the order of images or of references", () => {
    fc.assert(
      fc.property(items, fc.infiniteStream(fc.nat()), (given, stream) => {
        const shuffled = <T>(list: readonly T[]): T[] =>
          list
            .map((value) => ({ value, key: stream.next().value as number }))
            .sort((first, second) => first.key - second.key)
            .map(({ value }) => value);
        const mixed: TokenizedItem[] = shuffled(given).map((item) => ({
          ...item,
          references: shuffled(item.references),
        }));
        expectClose(evaluate(mixed), evaluate(given));
      }),
    );
  });

  test("stays within the ranges of the scores", () => {
    fc.assert(
      fc.property(items, (given) => {
        const { images, perImage, ...scores } = evaluate(given, { perImage: true });
        expect(images).toBe(given.length);
        for (const { id: _, ...metrics } of [{ id: "", ...scores }, ...perImage!]) {
          for (const [name, score] of Object.entries(metrics)) {
            expect(score).toBeGreaterThanOrEqual(0);
            expect(score).toBeLessThanOrEqual(name === "cider" ? 10 + 1e-9 : 1 + 1e-9);
          }
        }
      }),
    );
  });

  test("gives means that are the means of the scores of all images", () => {
    const { rougeL, cider, perImage } = evaluate(
      [
        { id: "a", hypothesis: ["a", "dog"], references: [["a", "dog", "runs"]] },
        {
          id: "b",
          hypothesis: ["a", "cat"],
          references: [
            ["two", "cats"],
            ["the", "cat"],
          ],
        },
      ],
      { perImage: true },
    );
    expect(perImage!.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(rougeL).toBeCloseTo((perImage![0]!.rougeL + perImage![1]!.rougeL) / 2, 12);
    expect(cider).toBeCloseTo((perImage![0]!.cider + perImage![1]!.cider) / 2, 12);
  });

  test("ignores empty words", () => {
    const sentences = [["a", "dog", "runs", "on", "sand"]];
    const empty = evaluate([{ id: "a", hypothesis: [""], references: sentences }]);
    expectClose(empty, evaluate([{ id: "a", hypothesis: [], references: sentences }]));
    expect(empty.rougeL).toBe(0);
  });

  test("refuses no items, an image without references, and an image twice", () => {
    const item = { id: "dog.jpg", hypothesis: ["a"], references: [["a"]] };
    const cases: [TokenizedItem[], RegExp][] = [
      [[], /no captions to score/],
      [[{ ...item, references: [] }], /"dog\.jpg" has no references/],
      [[item, item], /"dog\.jpg" has two captions/],
    ];
    for (const [given, message] of cases) {
      const error = thrownBy(() => evaluate(given)) as EdgecapError;
      expect(error).toBeInstanceOf(EdgecapError);
      expect(error.code).toBe("data-invalid");
      expect(error.message).toMatch(message);
    }
  });
});

describe("evaluateText()", () => {
  test("ignores capitals and punctuation", () => {
    const plain = { id: "a", hypothesis: "a dog runs on sand", references: ["the dog 's ball is on sand"] };
    const dressed = { id: "a", hypothesis: "A dog, runs on sand!", references: ["The dog's ball is on sand."] };
    expectClose(evaluateText([dressed]), evaluateText([plain]));
    expect(evaluateText([plain]).bleu1).toBeGreaterThan(0);
  });
});
