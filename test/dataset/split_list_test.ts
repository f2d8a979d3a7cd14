import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { readCaptions } from "../../src/dataset/captions_file.ts";
import { parseSplitList, readSplitList } from "../../src/dataset/split_list.ts";
import { EdgecapError } from "../../src/errors.ts";
import { noShared, sharedFolder } from "../shared.ts";
import { testUnless } from "../skip.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const known = new Map([
  ["1.jpg", 0],
  ["2.jpg", 0],
]);

describe("parseSplitList()", () => {
  test("reads one name per line, with a byte order mark, CRLF and blank lines", () => {
    expect(parseSplitList(bytes("\uFEFF2.jpg\r\n\r\n 1.jpg \r\n"), "dev.txt", known)).toEqual(["2.jpg", "1.jpg"]);
    expect(parseSplitList(bytes("2.jpg\n3.jpg"), "dev.txt")).toEqual(["2.jpg", "3.jpg"]);
  });

  test("names the file and the line that it refuses", () => {
    const cases: [string, RegExp][] = [
      ["1.jpg\n\n3.jpg\n", /^Line 3 of "dev\.txt" lists "3\.jpg", for which the captions file has no captions/],
      ["1.jpg\n2.jpg\n1.jpg\n", /^Line 3 of "dev\.txt" lists "1\.jpg" again, after line 1/],
      ["\n \n", /^"dev\.txt" lists no images/],
    ];
    for (const [text, message] of cases) {
      let thrown: unknown;
      try {
        parseSplitList(bytes(text), "dev.txt", known);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(EdgecapError);
      expect((thrown as EdgecapError).code).toBe("data-invalid");
      expect((thrown as EdgecapError).message).toMatch(message);
    }
  });

  test("throws nothing but EdgecapError, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (given) => {
        try {
          expect(parseSplitList(given, "dev.txt").length).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof EdgecapError)) throw error;
        }
      }),
    );
  });
});

describe("readSplitList()", () => {
  testUnless(noShared, "reads the lists of Flickr8k, which share no image", async () => {
    const shared = sharedFolder()!;
    const { captions } = await readCaptions(join(shared, "flickr8k/captions.txt"));
    const train = await readSplitList(join(shared, "flickr8k/trainImages.txt"), captions);
    const dev = await readSplitList(join(shared, "flickr8k/devImages.txt"), captions);
    expect([train.length, dev.length]).toEqual([6000, 1000]);
    expect(new Set([...train, ...dev]).size).toBe(7000);
  });
});
