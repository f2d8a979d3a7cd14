import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ConceptRule, RequiredConcepts } from "../../src/decode/required_concepts.ts";
import { textModule } from "../../src/text/text_module.ts";
import { Vocabulary } from "../../src/text/vocabulary.ts";

const words =
  "<pad> <start> <end> <unk> a man men woman person people dog dogs fire truck trucks hot stop sign runs".split(" ");
const nouns = [
  { name: "person", forms: ["person", "people", "man", "men", "woman", "women"] },
  { name: "man", forms: ["man", "men"] },
  { name: "woman", forms: ["woman", "women"] },
  { name: "dog", forms: ["dog", "dogs"] },
  { name: "fire truck", forms: ["fire truck", "fire trucks", "fire engine", "fire truck of men"] },
  { name: "zebra", forms: ["zebra", "zebras"] },
  { name: "hot dog", forms: ["hot dog", "hot dogs"] },
];

describe("RequiredConcepts", () => {
  let vocabulary: Vocabulary;
  beforeAll(async () => {
    await textModule();
    vocabulary = Vocabulary.parse(`${words.join("\n")}\n`);
  });

  /** The concepts asked for, as the words of their forms. */
  function missing(probabilities: Record<string, number>, caption: string, rule?: ConceptRule) {
    return askedFor(probabilities, caption, rule).required;
  }

  /** The same, with the reward of each. */
  function askedFor(
    probabilities: Record<string, number>,
    caption: string,
    rule: ConceptRule = { least: 0.8, most: 3, reward: 1 },
  ) {
    const each = Float32Array.from(nouns, ({ name }) => probabilities[name] ?? 0);
    const { required, reward } = new RequiredConcepts(nouns, vocabulary, rule).missing(
      each,
      vocabulary.encode(caption.split(" ")),
    );
    return { required: required.map((forms) => forms.map((form) => vocabulary.decode(form).join(" "))), reward };
  }

  test("are those that are sure but not named, with the forms that the vocabulary can say, the surest first", () => {
    expect(missing({ dog: 0.9, "fire truck": 0.95 }, "a man runs")).toEqual([
      ["fire truck", "fire trucks"],
      ["dog", "dogs"],
    ]);
    expect(missing({ dog: 0.79 }, "a man runs")).toEqual([]);
    expect(missing({ dog: 0.9 }, "a man dogs")).toEqual([]);
  });

  test("leave out those that share a word with a noun that is named or requested", () => {
    expect(missing({ person: 1, man: 0.9, woman: 0.9 }, "a woman runs")).toEqual([]);
    expect(missing({ person: 0.9, man: 1, woman: 0.95 }, "a dog")).toEqual([["man", "men"], ["woman"]]);
    expect(missing({ person: 1, man: 0.9, woman: 0.95 }, "a dog")).toEqual([
      ["person", "people", "man", "men", "woman"],
    ]);
  });

  test("follow the longest form in a caption: a hot dog is not a dog", () => {
    expect(missing({ dog: 0.9, "hot dog": 0.9 }, "a hot dog")).toEqual([["dog", "dogs"]]);
  });

  test("leave out those that the vocabulary cannot say, and are no more than the rule allows", () => {
    expect(missing({ zebra: 1 }, "a dog")).toEqual([]);
    const rule = { least: 0.5, most: 1, reward: 1 };
    expect(missing({ zebra: 1, dog: 0.6, person: 0.7 }, "a truck", rule)).toHaveLength(1);
  });

  test("are the surest alone, at its own reward, if the caption names nothing sure", () => {
    const rule = { least: 0.8, most: 3, reward: 1, rewardOfOnly: 4 };
    const both = { dog: 0.9, "fire truck": 0.95 };
    expect(askedFor(both, "a man runs", rule)).toEqual({ required: [["fire truck", "fire trucks"]], reward: 4 });
    // A woman is a person: something sure is named.
    expect(askedFor({ ...both, person: 0.85 }, "a woman runs", rule)).toEqual({
      required: [
        ["fire truck", "fire trucks"],
        ["dog", "dogs"],
      ],
      reward: 1,
    });
    expect(askedFor(both, "a dog runs", rule)).toEqual({ required: [["fire truck", "fire trucks"]], reward: 1 });
    expect(askedFor({ dog: 0.9 }, "a dog runs", rule).required).toEqual([]);
    expect(askedFor(both, "a man runs").reward).toBe(1);
    // People are not required in this way, and a kind of the thing is enough.
    expect(askedFor({ person: 1, dog: 0.9 }, "fire runs", rule)).toEqual({ required: [["dog", "dogs"]], reward: 4 });
    expect(askedFor({ woman: 1 }, "fire runs", rule)).toEqual({ required: [["woman"]], reward: 1 });
    expect(askedFor({ dog: 0.9 }, "a hot dog", rule)).toEqual({ required: [["dog", "dogs"]], reward: 1 });
  });

  test("help the decoder to find a place for the only one, and no other", async () => {
    const rule = { least: 0.8, most: 3, reward: 1, rewardOfOnly: 4 };
    const asked = new RequiredConcepts(nouns, vocabulary, rule);
    const each = Float32Array.from(nouns, ({ name }) => (name === "dog" ? 0.9 : 0.2));
    const logits = Float32Array.from(words, (word) => (word === "truck" ? 3 : word === "dog" ? -9 : -20));
    const plain = async () => ({ logits });
    const only = asked.missing(each, vocabulary.encode(["a", "man"]));
    const [dog] = vocabulary.encode(["dog"]);
    const helped = await asked.helping(plain, only, each)(Int32Array.of(4), Uint32Array.of(0));
    expect(helped.logits[dog!]!).toBeCloseTo(-9 + Math.log(0.9), 5);
    expect(asked.helping(plain, { required: only.required, reward: 1 }, each)).toBe(plain);
  });

  test("hold for any probabilities and captions", () => {
    const anyWord = fc.constantFrom(...words.slice(4));
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: nouns.length, maxLength: nouns.length }),
        fc.array(anyWord, { maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(0.1, 0.5, 1),
        (chances, caption, most, least) => {
          const asked = new RequiredConcepts(nouns, vocabulary, { least, most, reward: 1 });
          const each = Float32Array.from(chances);
          const found = asked.missing(each, vocabulary.encode(caption)).required;
          expect(found.length).toBeLessThanOrEqual(most);
          if (!asked.anySure(each)) expect(found).toEqual([]);
          const forms = found.flat().map((form) => vocabulary.decode(form).join(" "));
          expect(new Set(forms).size).toBe(forms.length);
          for (const form of found.flat()) {
            expect(form.length).toBeGreaterThan(0);
            expect(form.length).toBeLessThanOrEqual(3);
            expect(form.every((id) => id >= 4)).toBe(true);
          }
        },
      ),
    );
  });
});
