import type { Caption } from "../../../src/caption/caption.ts";

/** A caption of one sentence with one concept, as the engine gives it. */
export const dogCaption: Caption = {
  caption: "a dog on grass",
  logProbability: -3,
  words: [],
  alternatives: [],
  concepts: [{ name: "dog", probability: 0.9 }],
  timing: { imageMs: 1, encodeMs: 1, generateMs: 1 },
};
