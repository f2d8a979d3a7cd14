import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type CaptionEvent, type Captioner, load } from "../../src/mod.ts";
import { codeOf } from "../code_of.ts";

const example = (name: string) => readFileSync(new URL(`../../examples/${name}.jpg`, import.meta.url));
const astronaut = example("astronaut");

describe("Captioner with the bundle that comes with edgecap", () => {
  let captioner: Captioner;

  beforeAll(async () => {
    captioner = await load();
  });

  afterAll(() => captioner[Symbol.asyncDispose]());

  test("says an orange shirt, in caption and words alike", async () => {
    const { caption, words } = await captioner.caption(astronaut);
    expect(caption).toBe("a boy in an orange shirt is holding a football");
    expect(words.map(({ text }) => text).join(" ")).toBe(caption);
  });

  test("makes a neutral sentence of it, with the same probability", async () => {
    const plain = await captioner.caption(astronaut, { alternatives: 3 });
    const neutral = await captioner.caption(astronaut, { alternatives: 3, neutral: true, sentence: true });
    expect(neutral.caption).toBe("A child in an orange shirt is holding a football.");
    expect([neutral.logProbability, neutral.confidence]).toEqual([plain.logProbability, plain.confidence]);
    expect(neutral.words.length).toBe(plain.words.length);
    for (const { caption } of neutral.alternatives) expect(caption).toMatch(/^[A-Z].*\.$/);
  });

  test("finds a sentence within the limit of characters, and says if there is none", async () => {
    const { caption, words, reason } = await captioner.caption(astronaut, { maxCharacters: 40, sentence: true });
    expect([caption.length <= 40, reason]).toEqual([true, undefined]);
    expect(words.length).toBeGreaterThan(1);
    const nothing = await captioner.caption(astronaut, { maxCharacters: 3 });
    expect(nothing).toMatchObject({ caption: "", reason: "too-long", words: [], alternatives: [] });
  });

  test("finds alternatives that fit, and drawn captions too", async () => {
    const options = { maxCharacters: 40, alternatives: 2 };
    for (const more of [{}, { beams: 1 }, { temperature: 1.2, seed: 3 }]) {
      const { caption, alternatives, reason } = await captioner.caption(astronaut, { ...options, ...more });
      if (!("temperature" in more)) expect(reason).toBeUndefined();
      for (const text of [caption, ...alternatives.map((other) => other.caption)])
        expect(text.length).toBeLessThanOrEqual(40);
    }
  });

  test("streams the words of the caption that it gives, however it is written", async () => {
    for (const options of [{}, { beams: 1 }, { neutral: true }, { maxCharacters: 30 }, { sentence: true }]) {
      const events: CaptionEvent[] = [];
      for await (const event of captioner.stream(astronaut, options)) events.push(event);
      const last = events.at(-1)!;
      if (last.type !== "caption") throw new Error("The last event is the caption.");
      const streamed = events.flatMap((event) => (event.type === "word" ? [event.text] : []));
      expect(streamed).toEqual(last.caption.words.map(({ text }) => text));
    }
  });

  test("refuses what is out of range", async () => {
    for (const options of [{ maxCharacters: 0 }, { maxCharacters: 1.5 }, { maxCharacters: 10_001 }])
      expect(await codeOf(captioner.caption(astronaut, options))).toBe("option-invalid");
  });
});
