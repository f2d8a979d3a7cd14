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

  /** Probabilities of all nouns. */
  const each = (found: Readonly<Record<string, number>>, others = 0) =>
    Float32Array.from(nouns, ({ name }) => found[name] ?? others);

  /** Forms as words. */
  const named = (required: readonly (readonly Uint32Array[])[]) =>
    required.map((forms) => forms.map((form) => vocabulary.decode(form).join(" ")));

  const sureFrom08 = { least: 0.8, most: 3, reward: 1 };

  /** The concepts asked for, as the words of their forms. */
  function missing(probabilities: Readonly<Record<string, number>>, caption: string, rule: ConceptRule = sureFrom08) {
    const asked = new RequiredConcepts(nouns, vocabulary, rule);
    const { required, reward } = asked.missing(each(probabilities), vocabulary.encode(caption.split(" ")));
    expect(reward).toBe(rule.reward);
    return named(required);
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

  test("count from the least probability on", () => {
    const rule = { least: 0.75, most: 3, reward: 1 };
    const asked = new RequiredConcepts(nouns, vocabulary, rule);
    for (const [probability, isSure] of [
      [0.75, true],
      [0.74, false],
    ] as const) {
      expect(asked.anyLikely(each({ dog: probability }))).toBe(isSure);
      expect(missing({ dog: probability }, "a man", rule)).toEqual(isSure ? [["dog", "dogs"]] : []);
    }
    expect(asked.anyLikely(each({}, 0.5))).toBe(false);
  });

  test("have forms of up to three words, of all words of the vocabulary", () => {
    const long = ["a", "hot dog", "fire truck stop", "fire truck stop sign"].map((name) => ({ name, forms: [name] }));
    const asked = new RequiredConcepts(long, vocabulary, { least: 0.5, most: 3, reward: 1 });
    const { required } = asked.missing(Float32Array.of(0.9, 0.8, 0.7, 0.6), vocabulary.encode(["runs"]));
    expect(named(required)).toEqual([["a"], ["hot dog"], ["fire truck stop"]]);
  });

  test("leave out those that the vocabulary cannot say, and are no more than the rule allows", () => {
    expect(missing({ zebra: 1 }, "a dog")).toEqual([]);
    const rule = { least: 0.5, most: 1, reward: 1 };
    expect(missing({ zebra: 1, dog: 0.6, person: 0.7 }, "a truck", rule)).toHaveLength(1);
  });

  test("are the surest alone, at its own reward, if the caption names nothing sure", () => {
    const only = (
      found: Readonly<Record<string, number>>,
      caption: string,
      rule: ConceptRule = { ...sureFrom08, rewardOfOnly: 4 },
    ) => {
      const asked = new RequiredConcepts(nouns, vocabulary, rule);
      const alone = asked.onlyMissing(each(found), vocabulary.encode(caption.split(" ")));
      return alone && { required: named(alone.required), reward: alone.reward };
    };
    const both = { dog: 0.9, "fire truck": 0.95 };
    expect(only(both, "a man runs")).toEqual({ required: [["fire truck", "fire trucks"]], reward: 4 });
    // A woman is a person: something sure is named.
    expect(only({ ...both, person: 0.85 }, "a woman runs")).toBeUndefined();
    expect(only(both, "a dog runs")).toBeUndefined();
    expect(only(both, "a man runs", sureFrom08)).toBeUndefined();
    // People are not required in this way, and a kind of the thing is enough.
    expect(only({ person: 1, dog: 0.9 }, "fire runs")).toEqual({ required: [["dog", "dogs"]], reward: 4 });
    expect(only({ woman: 1 }, "fire runs")).toBeUndefined();
    expect(only({ dog: 0.9 }, "a hot dog")).toBeUndefined();
    expect(only({ dog: 0.7 }, "a man runs")).toBeUndefined();
    // Something likely counts too, but only beside something unlikely.
    const likely = { ...sureFrom08, rewardOfOnly: 4, leastOfOnly: 0.5 };
    const [dog] = [{ required: [["dog", "dogs"]], reward: 4 }];
    expect(only({ dog: 0.7 }, "a man runs", likely)).toEqual(dog);
    expect(only({ dog: 0.7, person: 0.2, man: 0.2 }, "a man runs", likely)).toBeUndefined();
    expect(only({ dog: 0.7, person: 0.6, man: 0.01 }, "a man runs", likely)).toBeUndefined();
    expect(only({ dog: 0.4 }, "a man runs", likely)).toBeUndefined();
    expect(only({ dog: 0.7 }, "dogs truck", likely)).toBeUndefined();
    // Something likely is enough if nothing unlikely stands beside it.
    expect(only({ dog: 0.9, person: 0.7, man: 0.7 }, "a man runs", likely)).toBeUndefined();
    expect(only({ dog: 0.9, person: 0.7, man: 0.01 }, "a man runs", likely)).toEqual(dog);
    expect(only({ dog: 0.9, person: 0.4, man: 0.4 }, "a man runs", likely)).toEqual(dog);
  });

  test("make a caption plausible that names one, and nothing that the picture most likely lacks", () => {
    const asked = new RequiredConcepts(nouns, vocabulary, sureFrom08);
    const plausible = (found: Readonly<Record<string, number>>, caption: string) =>
      asked.isPlausible(each(found), vocabulary.encode(caption.split(" ")));
    expect(plausible({ dog: 0.9, person: 0.04, man: 0.04 }, "a man dogs")).toBe(true);
    expect(plausible({ dog: 0.9, person: 0.04, man: 0.01 }, "a man dogs")).toBe(false);
    expect(plausible({ dog: 0.7, person: 0.7, man: 0.7 }, "a man dogs")).toBe(false);
    expect(plausible({ dog: 0.9 }, "runs")).toBe(false);
    expect(plausible({ woman: 0.9, person: 1 }, "a woman runs")).toBe(true);
    const likely = new RequiredConcepts(nouns, vocabulary, { ...sureFrom08, leastOfOnly: 0.5 });
    const passes = (found: Readonly<Record<string, number>>, caption: string) =>
      likely.isPlausible(each(found), vocabulary.encode(caption.split(" ")));
    expect(passes({ dog: 0.7 }, "a dog")).toBe(true);
    expect(passes({ dog: 0.7, "fire truck": 0.9 }, "a dog")).toBe(true);
    expect(passes({ dog: 0.4, "fire truck": 0.9 }, "a dog")).toBe(false);
  });

  test("help the decoder to find a place for the only concept", async () => {
    const asked = new RequiredConcepts(nouns, vocabulary, { ...sureFrom08, rewardOfOnly: 4 });
    const found = each({ dog: 0.9 }, 0.2);
    const logits = Float32Array.from(words, (word) => (word === "truck" ? 3 : word === "dog" ? -9 : -20));
    const plain = async () => ({ logits });
    const only = asked.onlyMissing(found, vocabulary.encode(["a", "man"]))!;
    const [dog] = vocabulary.encode(["dog"]);
    const helped = await asked.helping(plain, only, found)(Int32Array.of(4), Uint32Array.of(0));
    expect(helped.logits[dog!]!).toBeCloseTo(-9 + Math.log(0.9), 5);
  });

  test("follow these rules for any probabilities and captions", () => {
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
          if (!asked.anyLikely(each)) expect(found).toEqual([]);
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
