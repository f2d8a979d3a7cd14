import { expect, test } from "bun:test";
import fc from "fast-check";
import { piecesOf } from "../../../src/text/wording/pieces.ts";
import { processorTime } from "../../processor_time.ts";

/** The definition, as a pattern that takes too long for long words. */
const parts = /^([^\p{L}\p{N}']*)(.*?)((?:'(?:s|re|ve|ll|d|m)?)?[^\p{L}\p{N}']*)$/su;

test("piecesOf() separates a word from what is around it", () => {
  const texts = fc.array(
    fc.constantFrom(
      "'",
      "s",
      "re",
      "ve",
      "ll",
      "d",
      "m",
      "dog",
      "É",
      "1",
      ",",
      ".",
      '"',
      "(",
      "\n",
      "\u{1f436}",
      "\ud83d",
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(texts, (all) => {
      const text = all.join("");
      fc.pre(!/^(?:n't|'(?:s|re|ve|ll|d|m)?)$/i.test(text));
      const [, head = "", word = "", tail = ""] = parts.exec(text)!;
      expect(piecesOf(["a", text])[1]).toEqual({ text, word: word.toLowerCase(), head, tail, from: [1] });
    }),
    { numRuns: 2000 },
  );
});

test("piecesOf() takes little time for a word of a million characters", () => {
  const took = processorTime();
  for (const part of ["\0", "'", ",", "a'", "'s"]) {
    const [piece] = piecesOf([`m${part.repeat(1_000_000 / part.length)}v`]);
    expect(piece!.tail).toBe("");
  }
  expect(took()).toBeLessThan(5000);
});
