import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { tableLine } from "../../src/batch/table_line.ts";

const tables: readonly [string, RegExp][] = [
  ["image,caption", /row of a table.*cut -d',' -f1 LIST \| tail -n \+2 \|/],
  ["id;File Name;width", /cut -d';' -f2 LIST \| tail/],
  ["id\tpath", /cut -f2 LIST \| tail/],
  ['"image","caption"', /cut -d',' -f1/],
  ["a.jpg,a dog runs", /cut -d',' -f1 LIST \| edgecap/],
  ["17,photos/a b.PNG,a dog", /cut -d',' -f2 LIST \| edgecap/],
  ["image", /header of a table.*Remove that line/],
  ['"file_name"', /header of a table/],
  ['{"image": "a.jpg"}', /JSON object.*jq -r '\.\["image"\]'/],
  ['{"id": 3, "file_name": "a.jpg"}', /jq -r '\.\["file_name"\]'/],
  ['{"id": 3}', /JSON object/],
  ['["a.jpg", "b.jpg"]', /JSON array.*jq -r '\.\[\]'/],
  ["[", /is JSON/],
  ["{", /is JSON/],
  ['[{"image": "a.jpg"},', /is JSON/],
];

describe("tableLine()", () => {
  test("recognises rows of tables and JSON, and says what to do", () => {
    for (const [line, message] of tables)
      expect([line, tableLine(line) ?? "a path"]).toEqual([line, expect.stringMatching(message)]);
  });

  test("leaves paths alone, those with commas and brackets too", () => {
    const paths = [
      "a.jpg",
      "photos/a, b.jpg",
      "Paris, 2024/a.jpg",
      "[1] a.jpg",
      "{a}.png",
      "a;b|c.webp",
      "image.jpg",
      "images/path",
    ];
    for (const path of paths) expect([path, tableLine(path)]).toEqual([path, undefined]);
    const name = fc.stringMatching(/^[A-Za-z0-9é日,;'" -]{1,12}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (parts) => {
        expect(tableLine(`./${parts.join("/")}.jpg`)).toBeUndefined();
      }),
    );
  });

  test("reads any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(tableLine(text) ?? "").toMatch(/^(is .*|)$/s);
      }),
    );
  });
});
