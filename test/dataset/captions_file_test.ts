import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Captions } from "../../src/dataset/captions.ts";
import { parseCaptions, readCaptions } from "../../src/dataset/captions_file.ts";
import { EdgecapError } from "../../src/errors.ts";
import { anyText } from "../any_text.ts";
import { runs } from "../runs.ts";
import { noShared, sharedFolder } from "../shared.ts";
import { testUnless } from "../skip.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function parse(text: string): Captions {
  return parseCaptions(bytes(text), "captions.txt");
}

function entries({ captions }: Captions): [string, readonly string[]][] {
  return [...captions];
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof EdgecapError && error.code === "data-invalid") return error.message;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

/** The bytes of a text in UTF-16, without a byte order mark. */
function utf16(text: string, littleEndian: boolean): number[] {
  return [...text].flatMap((character) => {
    const unit = character.charCodeAt(0);
    return littleEndian ? [unit & 255, unit >> 8] : [unit >> 8, unit & 255];
  });
}

/** A row in the format of RFC 4180. */
function csv(fields: readonly string[]): string {
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

const two: [string, string[]][] = [
  ["1.jpg", ["A dog , running .", 'A "big" dog']],
  ["2.jpg", ["A cat"]],
];

describe("parseCaptions()", () => {
  test("reads Kaggle's rows, quoted as RFC 4180 says", () => {
    const read = parse('image,caption\n1.jpg,"A dog , running ."\n1.jpg,"A ""big"" dog"\n2.jpg,A cat\n');
    expect(read.format).toBe("kaggle");
    expect(entries(read)).toEqual(two);
    expect(read.dropped).toBe(0);
  });

  test("accepts a byte order mark, CRLF, blank lines, no header and no last line break", () => {
    const read = parse('\uFEFFimage,caption\r\n\r\n1.jpg,"A dog , running ."\r\n1.jpg,"A ""big"" dog"\r\n2.jpg,A cat');
    expect(entries(read)).toEqual(two);
    expect(entries(parse('"1.jpg",A dog , running .\n1.jpg,A "big" dog\n2.jpg,A cat'))).toEqual(two);
  });

  test("joins a quoted caption of several lines, and keeps counting lines", () => {
    const read = parse('image,caption\n1.jpg,"A dog\r\n\n  on sand"\n2.jpg,A cat\n');
    expect(entries(read)).toEqual([
      ["1.jpg", ["A dog on sand"]],
      ["2.jpg", ["A cat"]],
    ]);
    expect(messageOf(() => parse('image,caption\n1.jpg,"A\ndog"\nno comma'))).toMatch(/^Line 4 of/);
  });

  test("reads the rows of Flickr8k.token.txt", () => {
    const read = parse('1.jpg#0\tA dog , running .\n1.jpg#1\tA "big" dog\r\n2.jpg#0\tA cat\n');
    expect(read.format).toBe("token");
    expect(entries(read)).toEqual(two);
  });

  test("reads Karpathy's JSON and its splits", () => {
    const image = (filename: string, split: string, ...raws: string[]) => ({
      filename,
      split,
      sentences: raws.map((raw) => ({ raw, tokens: raw.split(" ") })),
    });
    const images = [
      image("1.jpg", "train", ...two[0]![1]),
      image("2.jpg", "test", "A cat", " "),
      image("3.jpg", "val"),
    ];
    const read = parse(`  ${JSON.stringify({ images, dataset: "flickr8k" })}`);
    expect(read.format).toBe("karpathy");
    expect(entries(read)).toEqual(two);
    expect([...read.splits]).toEqual([
      ["train", ["1.jpg"]],
      ["test", ["2.jpg"]],
    ]);
    expect(read.dropped).toBe(1);
  });

  test("drops rows without a caption and counts them", () => {
    const read = parse('image,caption\n1.jpg,\n1.jpg,A dog\n2.jpg\n3.jpg,"  "\n');
    expect(entries(read)).toEqual([["1.jpg", ["A dog"]]]);
    expect(read.dropped).toBe(3);
    expect(parse("1.jpg#0\t\n1.jpg#1\tA dog\n1.jpg#2").dropped).toBe(2);
    expect(parse("1.jpg#0\n1.jpg#1\tA dog").dropped).toBe(1);
    expect(parse("1.jpg\n1.jpg,A dog").dropped).toBe(1);
  });

  test("names the file and the line that it refuses", () => {
    const long = "word ".repeat(1001);
    const cases: [string, RegExp][] = [
      ["", /^"captions\.txt" is empty/],
      ["\uFEFF \r\n\n", /is empty/],
      ["image,caption\n", /contains no captions \(0 rows without one\)/],
      ["image,caption\n1.jpg,\n", /contains no captions \(1 rows/],
      ["caption,image\nA dog,1.jpg\n", /^Line 1 .*columns swapped/],
      ["image,caption\n1.jpg,A dog\nA cat,2.jpg\n", /^Line 3 .*columns swapped: "A cat,2\.jpg"/],
      ["1.jpg#0\tA dog\nA cat\t2.jpg#0\n", /^Line 2 .*columns swapped/],
      [`image,caption\n1.jpg,A dog\n2.jpg,${long}`, /^Line 3 .*1001 words; the limit is 1000/],
      [`1.jpg#0\t${long}`, /^Line 1 .*1001 words/],
      [`image,caption\n1.jpg,${"word ".repeat(1_000_000)}`, /^Line 2 .*5000006 bytes long/],
      ["image,caption\n,A dog", /^Line 2 .*no image name before "A dog"/],
      ["image,caption\n../1.jpg,A dog", /^Line 2 .*"\.\.\/1\.jpg", which is not a file in the images folder/],
      ["image,caption\n/etc/1.jpg,A dog", /not a file in the images folder/],
      ['image,caption\n1.jpg,"A dog\n2.jpg,A cat\n', /^Line 2 .*quote that is never closed/],
      ['image,caption\n1.jpg,"A" dog\n', /^Line 2 .*" dog" after a closing quote/],
      ['image,caption\n"1.jpg"x,A dog\n', /^Line 2 .*after a closing quote/],
      ["once upon a time\n", /^Line 1 .*"once upon a time", which is not how a captions file begins/],
      ["1.jpg,A dog\nonce upon a time\n", /^Line 2 .*not "image,caption"/],
      ["1.jpg#0\tA dog\n2.jpg\tA cat\n", /^Line 2 .*not "image#0<TAB>caption"/],
      ['{"images": [', /^"captions\.txt" begins like JSON but is not valid/],
      ["{}", /^"images" of "captions\.txt" is missing, not a list/],
      ['{"images": [{"filename": 3}]}', /^"images\[0\]\.filename" of .* is "3", not text/],
      [
        '{"images": [{"filename": "1.jpg", "sentences": [{"raw": {}}]}]}',
        /^"images\[0\]\.sentences\[0\]\.raw" .*an object/,
      ],
      ['{"images": []}', /contains no captions/],
      ['{"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": []}', /^"captions\.txt" is COCO's JSON/],
      ['{"file_name": "1.jpg", "text": "A dog"}\n{"file_name": "2.jpg", "text": "A cat"}\n', /is JSON lines\. Give/],
      ['[{"image": "1.jpg", "caption": "A dog"}]', /^"captions\.txt" is a list\. Give/],
      [`image,caption\n1.jpg,"['A dog', 'A brown dog']"\n`, /^Line 2 .*has a list instead of a caption: "\['A dog'/],
      ['image,caption\n1.jpg,"[""A dog"", ""A brown dog""]"\n', /^Line 2 .*has a list/],
      ["image,caption\n1.jpg,A dog\n2.jpg,startseq a cat endseq\n", /^Line 3 .*the mark "startseq" at its beginning/],
      ["1.jpg#0\t<start> a dog <end>\n", /^Line 1 .*the mark "<start>"/],
      [
        '{"images": [{"filename": "1.jpg", "sentences": [{"raw": "[CLS] a dog [SEP]"}]}]}',
        /^"images\[0\]\.sentences\[0\]\.raw" .*the mark "\[CLS\]"/,
      ],
    ];
    for (const [text, message] of cases) expect(messageOf(() => parse(text))).toMatch(message);
  });

  test("uses the names of the columns, whatever their order", () => {
    const rows = [
      ["1.jpg", "A dog , running .", "7"],
      ["1.jpg", 'A "big" dog', "8"],
      ["2.jpg", "A cat", "9"],
    ];
    const read = parse(`image,caption,id\n${rows.map((row) => csv(row)).join("\n")}\n`);
    expect(entries(read)).toEqual(two);
    expect(entries(parse("Caption ID,File_Name,Comment\n1,1.jpg,A dog\n"))).toEqual([["1.jpg", ["A dog"]]]);
    expect(entries(parse('"image","caption",\n1.jpg,A dog,\n'))).toEqual([["1.jpg", ["A dog"]]]);
    expect(entries(parse("image_id,text\n17,A dog, running\n"))).toEqual([["17", ["A dog, running"]]]);
    // Some names of a column may occur twice if a more certain name occurs once.
    expect(entries(parse("text,image,caption,text\nx,1.jpg,A dog,y\n"))).toEqual([["1.jpg", ["A dog"]]]);
  });

  test("reads columns in any order as they were written, or names the line", () => {
    const word = fc.stringMatching(/^[a-zé0-9",'.#&-]{1,8}$/);
    const text = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" "));
    const other = fc.constantFrom("id", "split", "score", "url", "caption_id", "comment_number", "width");
    const column = fc.tuple(
      fc.constantFrom("image", "filename", "Image_Name", "path"),
      fc.constantFrom("caption", "Comment", "sentence"),
    );
    fc.assert(
      fc.property(
        column,
        fc.uniqueArray(other, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
        (names, others, captions, random) => {
          const columns = [...names, ...others];
          for (let i = columns.length - 1; i > 0; i--) {
            const j = Math.floor(random.next().value! * (i + 1));
            [columns[i], columns[j]] = [columns[j]!, columns[i]!];
          }
          const rows = captions.map(([caption, more], place) =>
            csv(columns.map((name) => (name === names[0] ? `${place}.jpg` : name === names[1] ? caption : more))),
          );
          const read = parse([columns.join(","), ...rows, ""].join("\n"));
          expect(entries(read)).toEqual(captions.map(([caption], place) => [`${place}.jpg`, [caption]]));
        },
      ),
    );
  });

  test("refuses columns that it does not know, by name", () => {
    const cases: [string, RegExp][] = [
      ["image,caption,id\n1.jpg,A dog, running,3\n", /^Line 2 .*4 fields, but the header names 3 columns/],
      ["image,caption,id\n1.jpg,A dog,3\n2.jpg,A cat\n", /^Line 3 .*2 fields, but the header names 3 columns/],
      ["image,beschreibung,id\n1.jpg,A dog,3\n", /^Line 1 .*exactly one column must be called "caption"/],
      ["bild,caption\n1.jpg,A dog\n", /^Line 1 .*exactly one column must be called "image"/],
      ["bild,beschreibung\n1.jpg,A dog\n", /^Line 1 .*names neither columns nor a picture/],
      ["image,caption,caption\n1.jpg,A dog,A cat\n", /^Line 1 .*exactly one column must be called "caption"/],
      ["image,caption1,caption2\n1.jpg,A dog,A cat\n", /^Line 1 .*called "caption"/],
      ["image;caption\n1.jpg;A dog, running\n", /^Line 1 /],
      ["image_name| comment_number| comment\n1.jpg| 0| A dog, running\n", /^Line 1 /],
      ["1.jpg| 0| A dog, running\n", /^Line 1 /],
      ["1.jpg,A dog,0\n2.jpg,A cat, running,1\n", /has a further column in every row, such as "A dog,0"/],
      ["image,caption\n1.jpg,A dog,0.5\n2.jpg,A cat,1e-3\n", /further column/],
      ["1.jpg,0,A dog\n1.jpg,1,A cat\n", /further column/],
      ["1.jpg,A dog,train\n1.jpg,A cat,test\n", /further column/],
      ['1.jpg,"A dog",0\n', /^Line 1 .*",0" after a closing quote/],
      ["1.jpg,A dog\t0\n", /^Line 1 .*a tab in its caption/],
      ["1.jpg#0\tA dog\t0\n", /^Line 1 .*3 columns/],
    ];
    for (const [text, message] of cases)
      expect([text, messageOf(() => parse(text))]).toEqual([text, expect.stringMatching(message)]);
    // A single caption may end this way.
    expect(parse("1.jpg,A dog, 3\n2.jpg,A cat\n").captions.get("1.jpg")).toEqual(["A dog, 3"]);
    expect(parse("1.jpg,Dog #1\n").captions.get("1.jpg")).toEqual(["Dog #1"]);
  });

  test("names the encoding that it refuses", () => {
    const text = "image,caption\n1.jpg,A dog\n";
    const latin = [...bytes("image,caption\n1.jpg,A caf"), 0xe9, 0x0a];
    const json = [...bytes('{\n"images": "'), 0xe9, ...bytes('"}')];
    const cases: [number[], RegExp][] = [
      [[0xff, 0xfe, ...utf16(text, true)], /is UTF-16LE, not UTF-8.*iconv/],
      [[0xfe, 0xff, ...utf16(text, false)], /is UTF-16BE/],
      [utf16(text, true), /is UTF-16LE/],
      [utf16(text, false), /is UTF-16BE/],
      [[0xff, 0xfe, 0, 0, 0x69, 0, 0, 0], /is UTF-32LE/],
      [latin, /^Line 2 .*looks like Latin-1/],
      [[...bytes("1.jpg,a \n1.jpg,"), 0x93, 0x61, 0x94], /^Line 2 .*looks like Windows-1252/],
      [json, /^Line 2 .*looks like Latin-1/],
    ];
    for (const [given, message] of cases) {
      expect(messageOf(() => parseCaptions(Uint8Array.from(given), "captions.txt"))).toMatch(message);
    }
  });

  test("reads captions that were written in the format of RFC 4180", () => {
    const word = fc.stringMatching(/^[a-zé",'.#&-]{1,8}$/);
    const caption = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(caption, { minLength: 1 }), fc.constantFrom("\n", "\r\n"), (captions, lineBreak) => {
        const rows = captions.map((text, place) => `${place}.jpg,"${text.replaceAll('"', '""')}"`);
        const read = parse(["image,caption", ...rows, ""].join(lineBreak));
        expect(entries(read)).toEqual(captions.map((text, place) => [`${place}.jpg`, [text]]));
      }),
    );
  });

  test("throws nothing but EdgecapError, whatever the bytes", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "image,caption\n",
        "1.jpg",
        ",",
        '"',
        "\n",
        "\r\n",
        "\t",
        "#0",
        "{",
        '{"images":',
        "[",
        "]",
        "}",
        " a dog",
      ),
      anyText(),
    );
    const texts = fc.array(piece).map((pieces) => bytes(pieces.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), texts), (given) => {
        try {
          expect(parseCaptions(given, "captions.txt").captions.size).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof EdgecapError)) throw error;
          expect(error.message).toMatch(/captions\.txt/);
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  test("throws nothing but EdgecapError for JSON of the wrong shape", () => {
    const text = fc.constantFrom("1.jpg", "../1.jpg", "", "train", "__proto__");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: "small", withCrossShrink: true }, text, fc.jsonValue(), tie("list"), tie("object")),
      list: fc.array(tie("tree"), { maxLength: 3 }),
      object: fc.record(
        { images: tie("list"), filename: text, sentences: tie("list"), raw: tie("tree"), split: tie("tree") },
        { requiredKeys: [] },
      ),
    }));
    fc.assert(
      fc.property(fc.array(tree), (images) => {
        try {
          parse(JSON.stringify({ images }));
        } catch (error) {
          expect(error).toBeInstanceOf(EdgecapError);
        }
      }),
      { numRuns: runs(500) },
    );
  });
});

describe("readCaptions()", () => {
  test("reads a file, and says which one it cannot read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecap-captions-"));
    try {
      const path = join(folder, "captions.txt");
      await writeFile(path, "image,caption\n1.jpg,A dog\n");
      expect(entries(await readCaptions(path))).toEqual([["1.jpg", ["A dog"]]]);
      const error = await readCaptions(join(folder, "none.txt")).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(EdgecapError);
      expect((error as EdgecapError).code).toBe("file-unreadable");
      expect((error as EdgecapError).message).toMatch(/none\.txt/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  testUnless(noShared, "reads a file with a third column without it", async () => {
    const shared = sharedFolder()!;
    const read = await readCaptions(join(shared, "cases/captions-third-column.csv"));
    expect(read.captions.size).toBe(12);
    expect(read.captions.get("p12.jpg")).toEqual([0, 1, 2].map((n) => `A dog runs across the green grass ${n}`));
  });

  testUnless(noShared, "reads Flickr8k as Kaggle publishes it", async () => {
    const shared = sharedFolder()!;
    const read = await readCaptions(join(shared, "flickr8k/captions.txt"));
    expect(read.captions.size).toBe(7091);
    expect([...read.captions.values()].every((captions) => captions.length === 5)).toBe(true);
    expect(read.dropped).toBe(0);
    expect(read.captions.get("1012212859_01547e3f17.jpg")).toContain(
      "A dog shakes its head near the shore , a red ball next to it .",
    );
  });
});
