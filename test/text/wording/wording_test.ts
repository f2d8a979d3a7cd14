import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { repeatableWords } from "../../../src/decode/repeatable_words.ts";
import { sentence } from "../../../src/text/sentence.ts";
import { bareGenitives, genderedNouns, phrases, pronouns } from "../../../src/text/wording/gendered_words.ts";
import { counts } from "../../../src/text/wording/word_lists.ts";
import { asSentence, settledWords, worded } from "../../../src/text/wording/wording.ts";

/** Whether a word says that somebody is male or female. */
function isGendered(word: string): boolean {
  return genderedNouns.has(word) || pronouns.has(word) || bareGenitives.has(word) || word === "man-made";
}

const said = (text: string, neutral = false) => sentence(worded(text.split(" "), { neutral }).map((word) => word.text));

/** Words that captions are made of, those that are worded otherwise more often than others. */
const word = fc.oneof(
  fc.constantFrom(...genderedNouns.keys(), ...pronouns.keys(), ...bareGenitives.keys(), ...counts),
  fc.constantFrom(...repeatableWords, ...phrases.flatMap(([words]) => words)),
  fc.constantFrom(
    ..."dog dogs runs holds hat orange umbrella people person child children two and a an 's '".split(" "),
  ),
  fc.string({ maxLength: 6 }),
);
const captions = fc.array(word, { maxLength: 14 });

describe("worded()", () => {
  test("corrects articles, and does not repeat an adjective", () => {
    for (const [before, after] of [
      ["a boy in a orange shirt", "a boy in an orange shirt"],
      ["an man on a unicycle", "a man on a unicycle"],
      ["a european city and an one way street", "a european city and a one way street"],
      ["a white and white train", "a white train"],
      ["a black and white and black cat", "a black and white cat"],
      ["a black and white and brown cat", "a black and white and brown cat"],
      ["over and over", "over and over"],
      ["a man and a man", "a man and a man"],
      ["A Orange, and a Dog.", "An Orange, and a Dog."],
      ["a", "a"],
    ] as const)
      expect([before, said(before)]).toEqual([before, after]);
  });

  test("says the same about people without their gender, in complete sentences", () => {
    for (const [before, after] of [
      ["a man in a hat is holding his hat", "a person in a hat is holding their hat"],
      ["a man and a woman are walking with their dog", "two people are walking with their dog"],
      ["a young man and a young woman sit", "two young people sit"],
      ["an old man and a young woman sit", "an old person and a young person sit"],
      ["a man and woman", "two people"],
      ["a little girl and a boy play", "a little child and another child play"],
      ["a little girl and two boys play", "a little child and two children play"],
      ["the bride and groom", "the two newlyweds"],
      ["a boy and a girl play", "two children play"],
      ["two women talk to a boy", "two people talk to a child"],
      ["two men and a woman", "people"],
      ["a group of men and women", "a group of people"],
      ["as he jumps over a fence and runs away", "as they jump over a fence and run away"],
      ["he quickly carries a box and then watches it", "they quickly carry a box and then watch it"],
      ["she 's got a hat", "they've got a hat"],
      ["she is n't there", "they aren't there"],
      ["a woman with her dog behind her", "a person with their dog behind them"],
      ["a woman and a friend of hers see themselves", "a person and a friend of theirs see themselves"],
      ["a girl looks at herself", "a child looks at themselves"],
      ["a dog with a ball in his mouth", "a dog with a ball in its mouth"],
      ["a brown dog shakes himself as he swims", "a brown dog shakes itself as it swims"],
      ["a skier and a dog in his lap", "a skier and a dog in their lap"],
      ["a black and white dog with a frisbee in his mouth", "a black and white dog with a frisbee in its mouth"],
      ["a mother dog and her puppies", "an adult dog and its puppies"],
      ["a mother and her dog", "a parent and their dog"],
      ["a rider on his back tire", "a rider on their back tire"],
      ["a man with his over sized hat", "a person with their over sized hat"],
      ["a man and a friend of his in a boat", "a person and a friend of theirs in a boat"],
      ["one child carries another on her back", "one child carries another on their back"],
      ["a woman with someone behind her holding a cup", "a person with someone behind them holding a cup"],
      ["a woman in her wedding dress", "a person in their wedding dress"],
      ["a dog runs behind her .", "a dog runs behind it ."],
      ["a person alone by his or herself", "a person alone by themselves"],
      ["a male surfer rides", "a surfer rides"],
      ["a male athlete in a male team", "an athlete in a team"],
      ["a male in a red shirt", "a person in a red shirt"],
      ["two females stand", "two people stand"],
      ["a policeman and a fireman", "a police officer and a firefighter"],
      ["a man wearing a cowboy hat", "a person wearing a western hat"],
      ["a boy 's hat", "a child's hat"],
      ["the boys ' team", "the children's team"],
      ["mens shoes", "people's shoes"],
      ["a man made lake", "an artificial lake"],
      ["a little baby girl", "a little baby"],
      ["Two men, a woman and a boy's dog.", "Two people, a person and a child's dog."],
      ["Man and woman on a beach", "Two people on a beach"],
    ] as const)
      expect([before, said(before, true)]).toEqual([before, after]);
  });

  test("leaves out numbers above two", () => {
    for (const [before, after] of [
      ["four people are sitting on a bench", "people are sitting on a bench"],
      ["Four people sit", "People sit"],
      ["a group of three men", "a group of people"],
      ["a group of four", "a group"],
      ["three in a boat", "several in a boat"],
      ["three brown and white dogs", "brown and white dogs"],
      ["a dozen donuts", "donuts"],
      ["two dogs and one cat", "two dogs and one cat"],
      ["a four wheeler and a three story house", "a four wheeler and a three story house"],
      ["a player with the number ten", "a player with the number ten"],
      ["all four of them", "all of them"],
      ["the three play", "all play"],
      ["one of the three giraffe", "one of the giraffe"],
      ["12 birds", "birds"],
    ] as const)
      expect([before, said(before, true)]).toEqual([before, after]);
  });

  test("never names a gender, whatever the words", () => {
    fc.assert(
      fc.property(captions, (words) => {
        for (const { text } of worded(words, { neutral: true }))
          expect([words, text, isGendered(text.toLowerCase())]).toEqual([words, text, false]);
      }),
    );
  });

  test("does not change its own output", () => {
    fc.assert(
      fc.property(captions, fc.boolean(), (words, neutral) => {
        const once = worded(words, { neutral }).map(({ text }) => text);
        const twice = worded(once, { neutral }).map(({ text }) => text);
        expect([words, twice]).toEqual([words, once]);
      }),
    );
  });

  test("accounts for every word, and keeps the order of the remaining ones", () => {
    fc.assert(
      fc.property(captions, fc.boolean(), (words, neutral) => {
        const given = worded(words, { neutral });
        const places = new Set(given.flatMap(({ from }) => from));
        expect([...places].sort((a, b) => a - b)).toEqual(words.map((_, place) => place));
        const kept = given.filter(({ text, from }) => from.length === 1 && words[from[0]!] === text);
        const order = kept.map(({ from }) => from[0]!);
        expect(order).toEqual([...order].sort((a, b) => a - b));
        for (const { from } of given) expect(from).toEqual([...from].sort((a, b) => a - b));
      }),
    );
  });
});

describe("settledWords()", () => {
  test("does not count a word that a later one changes", () => {
    fc.assert(
      fc.property(captions, (words) => {
        const all = worded(words);
        for (let length = 0; length <= words.length; length++) {
          const settled = settledWords(words.slice(0, length));
          expect(worded(words.slice(0, length)).slice(0, settled)).toEqual(all.slice(0, settled));
        }
      }),
    );
    expect(settledWords(["a", "dog", "and", "a"])).toBe(3);
    expect(settledWords(["a", "white"])).toBe(1);
  });
});

describe("asSentence()", () => {
  test("adds a capital letter and a full stop if they are missing", () => {
    expect(asSentence("a dog runs")).toBe("A dog runs.");
    expect(asSentence("Why?")).toBe("Why?");
    expect(asSentence("éclair")).toBe("Éclair.");
    expect(asSentence(" ")).toBe("");
    fc.assert(fc.property(fc.string(), (text) => expect(asSentence(asSentence(text))).toBe(asSentence(text))));
  });
});
