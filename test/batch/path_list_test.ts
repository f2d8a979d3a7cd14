import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { readPathList } from "../../src/batch/path_list.ts";
import { EdgecapError } from "../../src/errors.ts";
import { codeOf } from "../code_of.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A text in UTF-16. */
function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
}

async function read(list: Uint8Array, size = list.length): Promise<{ paths: string[]; problems: string[] }> {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < list.length; at += size) chunks.push(list.subarray(at, at + size));
  const paths: string[] = [];
  const problems: string[] = [];
  const onProblem = ({ message }: EdgecapError) => problems.push(message);
  for await (const path of readPathList(Readable.from(chunks), { name: "the list", onProblem })) paths.push(path);
  return { paths, problems };
}

const forms: Readonly<Record<string, (paths: readonly string[]) => Uint8Array>> = {
  lines: (paths) => bytes(paths.join("\n")),
  "CRLF and a byte order mark": (paths) => bytes(`\ufeff${paths.map((path) => `${path}\r\n`).join("")}`),
  "blanks around them": (paths) => bytes(paths.map((path) => `  ${path}\t \n\n`).join("")),
  NULs: (paths) => bytes(paths.map((path) => `${path}\0`).join("")),
  "UTF-16LE": (paths) => utf16(`\ufeff${paths.join("\r\n")}\r\n`, true),
  "UTF-16BE": (paths) => utf16(`\ufeff${paths.join("\n")}\n`, false),
  "UTF-16LE without a mark": (paths) => utf16(`${paths.join("\n")}\n`, true),
  "UTF-16BE without a mark": (paths) => utf16(`${paths.join("\n")}\n`, false),
};

describe("readPathList()", () => {
  for (const [form, write] of Object.entries(forms)) {
    test(`reads ${form}, however they come`, async () => {
      const name = fc.stringMatching(/^[A-Za-z0-9_é日.-]([A-Za-z0-9_ é日.,'"#-]{0,10}[a-z])?$/);
      const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `ab/${parts.join("/")}.jpg`);
      await fc.assert(
        fc.asyncProperty(
          fc.array(path, { minLength: 1, maxLength: 6 }),
          fc.integer({ min: 1, max: 40 }),
          async (paths, size) => {
            expect(await read(write(paths), size)).toEqual({ paths, problems: [] });
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  test("keeps what belongs to a name", async () => {
    expect((await read(bytes("a.jpg\0 b\n c.jpg \0d\u00a0.jpg\r\0"))).paths).toEqual([
      "a.jpg",
      " b\n c.jpg ",
      "d\u00a0.jpg\r",
    ]);
  });

  test("treats blanks as part of the name if a file has them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecap-list-"));
    try {
      const path = join(folder, "a.jpg ");
      await writeFile(path, "");
      expect((await read(bytes(`${path}\n ${join(folder, "b.jpg")} \n`))).paths).toEqual([path, join(folder, "b.jpg")]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("skips lines that are not UTF-8, and says which", async () => {
    const list = Uint8Array.from([...bytes("a.jpg\ncaf"), 0xe9, ...bytes(".jpg\nb.jpg\n")]);
    const { paths, problems } = await read(list);
    expect(paths).toEqual(["a.jpg", "b.jpg"]);
    expect(problems).toEqual(['Line 2 of the list is not UTF-8: rename the file "caf\ufffd.jpg".']);
  });

  test("refuses files that are not lists, and says what they are", async () => {
    const cases: [Uint8Array, RegExp][] = [
      [Uint8Array.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /^the list is in UTF-32: convert it/],
      [bytes("a.jpg\nb.jpg\0c.jpg\0"), /^Line 2 of the list contains a NUL/],
      [bytes("\x7fELF\x02\x01\x01\0\0\0"), /^Path 1 of the list contains control characters: the list is neither/],
      [bytes("PK\x03\x04 and so on\n"), /^Line 1 of the list contains control characters/],
      [bytes("a.jpg\rb.jpg\rc.jpg\r"), /^Line 1 of the list contains control characters/],
      [bytes("x".repeat(70_000)), /^Line 1 of the list is longer than any path/],
      [Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]), /^Line 2 .*control characters/],
    ];
    for (const [list, message] of cases) {
      expect(await codeOf(read(list))).toBe("data-invalid");
      await expect(read(list)).rejects.toThrow(message);
    }
  });

  test("tells encodings apart by all of the first four bytes", async () => {
    const lists: readonly (readonly [list: string, paths: readonly string[]])[] = [
      ["\ufeffa.jpg\0", ["a.jpg"]],
      // They share two bytes of three with the mark.
      ...["\ufefc", "\uff3f", "\ueeff"].map((first) => [`${first}a.jpg\0`, [`${first}a.jpg`]] as const),
      ["a\0bc\0", ["a", "bc"]],
      ["ab\0\0c\0", ["ab", "c"]],
      ["abc\0def\0", ["abc", "def"]],
      ["a\0\0b\0", ["a", "b"]],
      ["\0abc\0", ["abc"]],
      ["\0ab\0c\0", ["ab", "c"]],
      ["\0a\0\0bc\0", ["a", "bc"]],
      ["", []],
      ["a", ["a"]],
      ["a\n", ["a"]],
      ["a.b\n", ["a.b"]],
    ];
    for (const [list, paths] of lists)
      for (const size of [1, 3, 100])
        expect([list, await read(bytes(list), size)]).toEqual([list, { paths: [...paths], problems: [] }]);
    expect((await read(utf16("\ufeff\u0100a.jpg\n", true))).paths).toEqual(["\u0100a.jpg"]);
    // Half a byte order mark does not count.
    for (const head of [
      [0xff, 0x61],
      [0xfe, 0x61],
      [0x61, 0xfe],
      [0x61, 0xff],
    ]) {
      const { paths, problems } = await read(Uint8Array.from([...head, ...bytes(".jpg\nb.jpg\n")]));
      expect([paths, problems.length]).toEqual([["b.jpg"], 1]);
    }
    for (const head of [
      [0, 0, 0xfe, 0xff],
      [0, 0, 0, 0x61],
      [0x61, 0, 0, 0],
      [0xff, 0xfe, 0, 0],
    ])
      await expect(read(Uint8Array.from([...head, 0, 0, 0, 0x62]))).rejects.toThrow("is in UTF-32");
    for (const rest of [
      [0, 0xd8, 0x61, 0],
      [0x61, 0, 0x62],
    ])
      await expect(read(Uint8Array.from([0xff, 0xfe, 0x61, 0, ...rest]))).rejects.toThrow(
        "begins like UTF-16 but is not",
      );
  });

  test("takes paths of up to 64 KiB, and does not wait for the end of a longer line", async () => {
    const longest = "x".repeat(65_536);
    expect((await read(bytes(`${longest}\n`))).paths).toEqual([longest]);
    await expect(read(bytes(`x${longest}\n`))).rejects.toThrow("longer than any path");
    async function* endless() {
      for (;;) yield "x".repeat(1000);
    }
    const list = readPathList(Readable.from(endless()), { name: "the list", onProblem: () => {} });
    await expect(list.next()).rejects.toThrow("Line 1 of the list is longer than any path");
    const { problems } = await read(Uint8Array.from([0xe9, ...bytes("x".repeat(60_000))]));
    expect(problems[0]!.length).toBeLessThan(300);
  });

  test("throws nothing but EdgecapError, whatever the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), async (list, size) => {
        try {
          for (const path of (await read(list, size)).paths)
            expect([...path].filter((letter) => letter < " ").join("")).toMatch(/^[\t\n\r]*$/);
        } catch (error) {
          if (!(error instanceof EdgecapError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
