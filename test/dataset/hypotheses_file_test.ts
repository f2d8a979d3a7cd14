import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseHypotheses } from "../../src/dataset/hypotheses_file.ts";
import { EdgecapError } from "../../src/errors.ts";

function parse(text: string) {
  return parseHypotheses(new TextEncoder().encode(text), "captions.jsonl");
}

describe("parseHypotheses()", () => {
  test("reads what edgecap caption --json prints, and uses the last part of a path as the image", () => {
    const read = parse(
      '{"image":"photos/1.jpg","caption":"a dog","logProbability":-3}\n{"image":"photos\\\\2.jpg","caption":""}\n' +
        '{"image":"3.jpg","error":{"code":"image-corrupt","message":"No."}}\n',
    );
    expect([...read.captions]).toEqual([
      ["1.jpg", "a dog"],
      ["2.jpg", ""],
    ]);
    expect(read.failed).toEqual(["3.jpg"]);
  });

  test("reads rows of image and caption with a tab between", () => {
    expect([...parse("\uFEFF1.jpg\ta dog\r\n\r\n2.jpg\ta cat").captions]).toEqual([
      ["1.jpg", "a dog"],
      ["2.jpg", "a cat"],
    ]);
  });

  test("names the file and the line that it refuses", () => {
    const cases: [string, RegExp][] = [
      ["", /^"captions\.jsonl" contains no captions/],
      ["1.jpg\ta dog\n1.jpg a dog\n", /^Line 2 .*neither "image<TAB>caption" nor/],
      ["1.jpg\ta dog\n{x\n", /^Line 2 .*is not JSON: "\{x"/],
      ['{"image":"1.jpg"}\n', /^Line 1 .*needs an "image" and a "caption"/],
      ['{"image":1,"caption":"a dog"}\n', /^Line 1 .*needs an "image" and a "caption"/],
      ["1.jpg\ta dog\na/1.jpg\ta dog\n", /^Line 2 .*gives "1\.jpg" a second caption/],
      ["1.jpg\ta dog\n2.jpg\ta cat\t0.7\n", /^Line 2 .*has 3 columns: "2\.jpg\\ta cat\\t0\.7"/],
      ["image\tcaption\n1.jpg\ta dog\n", /^Line 1 .*names columns: "image\\tcaption"/],
      ['"File_Name"\t"Caption"\tid\n1.jpg\ta dog\t1\n', /^Line 1 .*names columns/],
      ["photos/\ta dog\n", /^Line 1 .*names no image/],
    ];
    for (const [text, message] of cases) {
      let thrown: unknown;
      try {
        parse(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(EdgecapError);
      expect((thrown as EdgecapError).code).toBe("data-invalid");
      expect((thrown as EdgecapError).message).toMatch(message);
    }
  });

  test("throws nothing but EdgecapError, whatever the bytes", () => {
    const piece = fc.constantFrom("1.jpg", "\t", "\n", "{", "}", '"image"', '"caption"', ":", ",", '"a dog"', "null");
    const texts = fc.array(piece).map((pieces) => new TextEncoder().encode(pieces.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), texts), (given) => {
        try {
          expect(parseHypotheses(given, "captions.jsonl").captions.size).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof EdgecapError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
