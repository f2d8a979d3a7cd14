import { describe, expect, test } from "bun:test";
import { refuseUnknown } from "../../src/caption/known_options.ts";

const known = ["beams", "alternatives", "maxWords", "temperature", "topK", "topP", "seed", "attention", "signal"];

/** The error for an option. */
function complaint(options: object): string {
  try {
    refuseUnknown(options, known, "caption()");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("refuseUnknown()", () => {
  test("takes every known option, and leaves out what is undefined", () => {
    for (const name of known) expect(complaint({ [name]: 1 })).toBe("");
    expect(complaint({ beam: undefined })).toBe("");
    expect(complaint({})).toBe("");
  });

  test("refuses options that are not an object", () => {
    for (const [given, shown] of [
      [null, "null"],
      ["beams", '"beams"'],
      [5, "5"],
    ] as const)
      expect(complaint(given as unknown as object)).toBe(`caption() takes its options as an object, not ${shown}.`);
  });

  test("suggests the option that the caller meant", () => {
    for (const [given, meant] of [
      ["beam", "beams"],
      ["Beams", "beams"],
      ["baems", "beams"],
      ["num_beams", "beams"],
      ["max_words", "maxWords"],
      ["maxwords", "maxWords"],
      ["max_new_tokens", "maxWords"],
      ["top_k", "topK"],
      ["alternative", "alternatives"],
      ["temprature", "temperature"],
      ["attentions", "attention"],
    ] as const) {
      expect(complaint({ [given]: 1 })).toContain(`caption() has no option "${given}". Did you mean "${meant}"?`);
    }
  });

  test("suggests only similar names, and lists what exists", () => {
    const text = complaint({ quality: 1 });
    expect(text).toBe(`caption() has no option "quality". It takes ${known.join(", ")}.`);
  });
});
