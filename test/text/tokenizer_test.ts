import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { textModule } from "../../src/text/text_module.ts";
import { tokenize, tokenizeLines } from "../../src/text/tokenizer.ts";
import { referenceTokenize } from "../reference/tokenizer.ts";
import { runs } from "../runs.ts";
import { noShared, sharedFolder } from "../shared.ts";
import { testUnless } from "../skip.ts";
import { captionText, scraps } from "./strings.ts";

beforeAll(async () => {
  await textModule();
});

interface Golden {
  readonly text: string;
  readonly tokens: string[];
}

function readGoldens(path: string): Golden[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Golden);
}

function expectSame(goldens: Golden[]): void {
  expect(goldens.map(({ text }) => ({ text, tokens: tokenize(text) }))).toEqual(goldens);
}

describe("tokenize()", () => {
  test("gives what spaCy 3.8 gives for every listed chunk and for strings made of its rules", () => {
    const goldens = readGoldens(fileURLToPath(new URL("spacy_cases.jsonl", import.meta.url)));
    expect(goldens.length).toBeGreaterThan(900);
    expectSame(goldens);
  });

  testUnless(noShared, "gives what spaCy gives for captions", () => {
    const shared = sharedFolder()!;
    for (const name of ["spacy-tokens-hard.jsonl", "spacy-tokens.jsonl"]) {
      expectSame(readGoldens(join(shared, "golden", name)));
    }
  });

  test("agrees with the reference implementation on strings made of pieces of the rules", () => {
    fc.assert(
      fc.property(captionText, (text) => expect(tokenize(text)).toEqual(referenceTokenize(text))),
      { numRuns: runs(3000) },
    );
  });

  test("agrees with the reference implementation on any string, with lone surrogates or control characters too", () => {
    const unit = fc.oneof(
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.constantFrom(...scraps),
      fc.constantFrom("\ud800", "\udfff", "\0", "\u001c", "\u0085", "\ufeff", "\u2028"),
    );
    const anything = fc.array(unit, { maxLength: 20 }).map((units) => units.join(""));
    // Lower case of letters that are new to Unicode depends on the runtime: compare without case.
    const folded = (tokens: readonly string[]) => tokens.map((token) => token.replaceAll(/[^\p{ASCII}]/gv, "?"));
    fc.assert(
      fc.property(anything, (text) => expect(folded(tokenize(text))).toEqual(folded(referenceTokenize(text)))),
      { numRuns: runs(3000) },
    );
  });

  test("tokens hold neither white space nor upper-case ASCII, and do not split further at blanks", () => {
    fc.assert(
      fc.property(captionText, (text) => {
        for (const token of tokenize(text)) {
          expect(token).toMatch(/^[^\sA-Z]+$/);
          expect(tokenize(` ${token} `).length).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("takes a megabyte of captions", () => {
    const words = tokenize("A man's dog doesn't bark. ".repeat(40_000));
    expect(words.length).toBe(280_000);
    expect(words.slice(-7)).toEqual(["a", "man", "'s", "dog", "does", "n't", "bark"]);
  });
});

describe("tokenizeLines()", () => {
  test("joins the tokens of each line", () => {
    expect(tokenizeLines("A dog.\n\nIt isn't wet!\n")).toBe("a dog\n\nit is n't wet\n");
    expect(tokenizeLines("")).toBe("");
  });

  test("gives for each line what tokenize() gives", () => {
    fc.assert(
      fc.property(fc.array(captionText), (texts) => {
        const lines = texts.map((text) => text.replaceAll("\n", " "));
        expect(tokenizeLines(lines.join("\n"))).toBe(lines.map((line) => tokenize(line).join(" ")).join("\n"));
      }),
    );
  });

  for (const piece of ["(", ".", "a", "-", "a-", ":)", "a@", "@a.com", "…", "5km ", "'", "\ud83d", "http://", ": "]) {
    test(`takes half a megabyte of ${JSON.stringify(piece)}`, () => {
      const characters = 500_000;
      const tokens = tokenizeLines(piece.repeat(characters / piece.length));
      // Time that grows with the square would take minutes here; what comes out is no longer than what went in.
      expect(tokens.length).toBeLessThanOrEqual(characters + characters / piece.length);
      expect(tokens).toBe(tokens.toLowerCase());
    });
  }
});
