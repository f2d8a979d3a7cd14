import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { textModule } from "../../src/text/text_module.ts";
import { Vocabulary } from "../../src/text/vocabulary.ts";
import { anyText } from "../any_text.ts";
import { referenceVocabulary } from "../reference/vocabulary.ts";
import { captionText } from "./strings.ts";

beforeAll(async () => {
  await textModule();
});

/** The error that `work` throws. */
function errorOf(work: () => unknown): EdgecapError {
  try {
    work();
  } catch (error) {
    if (error instanceof EdgecapError) return error;
  }
  throw new Error("It did not throw an EdgecapError.");
}

describe("Vocabulary", () => {
  test("build() orders words by count, then by code points", () => {
    using vocabulary = Vocabulary.build(["b a a ｚ 𝐚 once", "b a ｚ 𝐚 .", "c c"], 2);
    expect(vocabulary.serialise()).toBe("<pad>\n<start>\n<end>\n<unk>\na\nb\nc\nｚ\n𝐚\n");
    expect(vocabulary.size).toBe(9);
  });

  test("build() agrees with the reference implementation", () => {
    fc.assert(
      fc.property(fc.array(captionText), fc.integer({ min: 1, max: 3 }), (captions, minimumCount) => {
        using vocabulary = Vocabulary.build(captions, minimumCount);
        expect(vocabulary.serialise()).toBe(`${referenceVocabulary(captions, minimumCount).join("\n")}\n`);
      }),
    );
  });

  test("parse() reads what serialise() writes, and ids and words match", () => {
    fc.assert(
      fc.property(fc.array(captionText), (captions) => {
        using vocabulary = Vocabulary.build(captions, 1);
        using parsed = Vocabulary.parse(vocabulary.serialise());
        expect(parsed.serialise()).toBe(vocabulary.serialise());
        const ids = Uint32Array.from({ length: parsed.size }, (_, id) => id);
        expect(parsed.encode(parsed.decode(ids))).toEqual(ids);
        expect(Array.from(ids, (id) => parsed.word(id))).toEqual(parsed.decode(ids));
      }),
    );
  });

  test("encode() gives the unknown word's id for words that it does not hold", () => {
    using vocabulary = Vocabulary.build(["a dog"], 1);
    expect([...vocabulary.encode(["a", "dog", "cat", "", "\ud800"])]).toEqual([4, 5, 3, 3, 3]);
  });

  test("word() is undefined for invalid ids", () => {
    using vocabulary = Vocabulary.build(["a dog"], 1);
    expect([4, 6, -1, 0.5, Number.NaN, 2 ** 32].map((id) => vocabulary.word(id))).toEqual([
      "a",
      ...Array<undefined>(5).fill(undefined),
    ]);
  });

  test("decode() names an id that no word has", () => {
    using vocabulary = Vocabulary.build(["a dog"], 1);
    const error = errorOf(() => vocabulary.decode(Uint32Array.of(4, 6)));
    expect([error.code, error.message]).toEqual([
      "data-invalid",
      "The vocabulary has no word 6: its 6 entries end at 5.",
    ]);
  });

  test("parse() names the line that is wrong", () => {
    for (const [text, start] of [
      ["", 'Line 1 of the vocabulary is "", not "<pad>"'],
      ["<pad>\n<start>\n<end>\n<unk>\na\na\n", 'Line 6 of the vocabulary is "a", as line 5 is'],
      ["<pad>\n<start>\n<end>\n<unk>\na b\n", 'Line 5 of the vocabulary is "a b", which is empty or holds white space'],
    ] as const) {
      const error = errorOf(() => Vocabulary.parse(text));
      expect(error.code).toBe("data-invalid");
      expect(error.message).toContain(start);
    }
  });

  test("parse() gives a vocabulary or an error for any text", () => {
    fc.assert(
      fc.property(anyText(), (tail) => {
        try {
          using vocabulary = Vocabulary.parse(`<pad>\n<start>\n<end>\n<unk>\n${tail}`);
          expect(vocabulary.size).toBeGreaterThanOrEqual(4);
        } catch (error) {
          expect(error).toBeInstanceOf(EdgecapError);
        }
      }),
    );
  });

  test("build() refuses a minimum count that is not a whole number of at least 1", () => {
    for (const count of [0, -1, 1.5, Number.NaN, 2 ** 32]) {
      const error = errorOf(() => Vocabulary.build([], count));
      expect(error.code).toBe("option-invalid");
      expect(error.message).toContain(`minimumCount is ${count}`);
    }
  });

  test("disposing twice does no harm", () => {
    const vocabulary = Vocabulary.build([], 1);
    vocabulary[Symbol.dispose]();
    expect(() => vocabulary[Symbol.dispose]()).not.toThrow();
  });
});
