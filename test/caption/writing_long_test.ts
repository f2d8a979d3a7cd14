import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type Captioner, load } from "../../src/mod.ts";
import { functionWords } from "../../src/text/wording/word_lists.ts";

const example = (name: string) => readFileSync(new URL(`../../examples/${name}.jpg`, import.meta.url));
const photos = ["astronaut", "chelsea", "coffee"].map(example);

/** Words that a whole sentence can end with, though they are often in the middle of one. */
const endings = new Set(["it", "him", "her", "them", "there", "together", "away", "back", "up", "down", "off", "out"]);

describe("Captioner with the bundle that comes with edgecap", () => {
  let captioner: Captioner;

  beforeAll(async () => {
    captioner = await load();
  });

  afterAll(() => captioner[Symbol.asyncDispose]());

  test("finds sentences within every limit of characters, which end as a sentence can", async () => {
    for (const photo of photos) {
      const free = await captioner.caption(photo);
      const room = free.caption.length;
      const same = await captioner.caption(photo, { maxCharacters: room });
      expect([same.caption, same.confidence]).toEqual([free.caption, free.confidence]);
      for (const maxCharacters of [room - 1, 40, 30, 20]) {
        const { caption, words, reason } = await captioner.caption(photo, { maxCharacters, sentence: true });
        expect([maxCharacters, [...caption].length <= maxCharacters]).toEqual([maxCharacters, true]);
        if (reason !== undefined) expect([reason, words]).toEqual(["too-long", []]);
        else {
          const last = words.at(-1)!.text;
          expect([caption, functionWords.has(last) && !endings.has(last)]).toEqual([caption, false]);
        }
      }
    }
  });
});
