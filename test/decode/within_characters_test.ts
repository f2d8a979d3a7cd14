import { describe, expect, test } from "bun:test";
import type { GeneratedCaption, GenerateOptions } from "../../src/decode/search_captions.ts";
import { captionsWithin } from "../../src/decode/within_characters.ts";

/** A caption of one token. The token says how good it is: the lower, the better. */
const caption = (token: number, finished = true): GeneratedCaption => ({
  tokens: Uint32Array.of(token),
  logProbability: -token,
  wordLogProbabilities: Float32Array.of(-token),
  score: -token,
  finished,
  named: 0,
});

const tokensOf = (captions: readonly GeneratedCaption[]) => captions.map(({ tokens }) => tokens[0]);

/** Runs it with the captions that the first search finds, and those of the second; the tokens in `fitting` fit. */
async function within(
  first: readonly number[],
  second: readonly number[],
  fitting: readonly number[],
  options: Partial<GenerateOptions> = {},
) {
  const asked: GenerateOptions[] = [];
  const limit = {
    fits: ({ tokens }: GeneratedCaption) => fitting.includes(tokens[0]!),
    room: () => ({ maxCharacters: 7, characters: Uint32Array.of(1, 2) }),
  };
  const found = await captionsWithin(limit, { vocabulary: 2, count: 2, beams: 3, ...options }, async (wanted) => {
    asked.push(wanted);
    return (asked.length === 1 ? first : second).map((token) => caption(token));
  });
  return { found: tokensOf(found), asked };
}

describe("captionsWithin()", () => {
  test("searches as before without a limit", async () => {
    const found = await captionsWithin(undefined, { vocabulary: 2, count: 1 }, async () => [caption(5)]);
    expect(tokensOf(found)).toEqual([5]);
  });

  test("keeps the best caption if it fits, and of the others those that do", async () => {
    const { found, asked } = await within([4, 5, 6, 7], [], [4, 6, 7]);
    expect([found, asked.length, asked[0]!.characters]).toEqual([[4, 6], 1, undefined]);
    // All that the search finds are needed, and the other options stay.
    expect(asked[0]).toMatchObject({ vocabulary: 2, beams: 3, count: 1024 });
  });

  test("gives as many as requested, best first, whichever search found them", async () => {
    const { found, asked } = await within([8, 4, 2], [3, 1, 4], [4, 3, 2, 1], { count: 3 });
    expect([found, asked.length]).toEqual([[1, 2, 3], 2]);
  });

  test("takes no caption with a single word that is only short", async () => {
    const least = Math.fround(Math.log(0.01));
    const words = (...probabilities: number[]) => ({
      ...caption(3),
      wordLogProbabilities: Float32Array.from(probabilities),
    });
    const limit = {
      fits: ({ tokens }: GeneratedCaption) => tokens[0] === 3,
      room: () => ({ maxCharacters: 1, characters: new Uint32Array() }),
    };
    const of = async (short: GeneratedCaption) => {
      const searches = [[caption(9)], [short]];
      return tokensOf(await captionsWithin(limit, { vocabulary: 2, count: 1 }, async () => searches.shift()!));
    };
    expect(await of(words(-1, -1))).toEqual([3]);
    expect(await of(words(-1, -5))).toEqual([9]);
    expect(await of(words(-5, -1))).toEqual([9]);
    expect(await of(words(least + 0.001))).toEqual([3]);
  });

  test("searches once more with the limit if the best does not fit, and chooses the best of both", async () => {
    const { found, asked } = await within([1, 9, 2], [3, 9, 4], [3, 9]);
    expect(found).toEqual([3, 9]);
    expect(asked[1]).toMatchObject({ maxCharacters: 7, beams: 16, characters: Uint32Array.of(1, 2) });
    expect(asked[1]!.leastEnd!).toBeLessThan(0);
    expect((await within([4], [3], [3], { beams: 20 })).asked[1]!.beams).toBe(20);
  });

  test("uses no words that the model would not say", async () => {
    expect((await within([9], [3, 8], [3, 8])).found).toEqual([3]);
  });

  test("draws more captions if they are drawn, because drawing has no limit", async () => {
    const { found, asked } = await within([4, 5], [4, 5, 6], [6], { temperature: 1 });
    expect([found, asked[1]!.characters, asked[1]!.beams]).toEqual([[6], undefined, 16]);
  });

  test("gives a caption that does not fit if none does", async () => {
    expect((await within([4, 5], [6], [])).found).toEqual([4]);
    expect((await within([4, 5], [], [])).found).toEqual([4]);
  });
});
