import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { examplesInText, keysInText } from "../../../src/server/chat/example_in_text.ts";
import { captionFillOf, isKnownKey, schemaOfKeys } from "../../../src/server/chat/json_answer.ts";
import { processorTime } from "../../processor_time.ts";
import { dogCaption } from "./dog_caption.ts";

const said = dogCaption.caption;
const nouns = dogCaption.concepts.map(({ name }) => name);
const text = { type: "string" };
const list = { type: "array" };

/** The schemas of a text's examples. */
function schemas(words: string): unknown[] {
  return examplesInText(words).map(({ schema }) => schema);
}

function properties(all: object): object {
  return { type: "object", properties: all };
}

describe("examplesInText()", () => {
  test("reads an example in the ways that people write one", () => {
    for (const [written, all] of [
      ['{"title": "...", "tags": []}', { title: text, tags: list }],
      ['{"title": "a short title", "tags": ["tag1", "tag2", ...]}', { title: text, tags: { ...list, items: text } }],
      ['{\n  "caption": <string>, // one sentence\n  "keywords": [...],\n}', { caption: text, keywords: list }],
      ["{'caption': string, 'sure': 0.95, 'tags': string[]}", { caption: text, sure: { type: "number" }, tags: list }],
      ["{ caption: string; tags: list }", { caption: text, tags: list }],
      [
        "{ caption?: string, old: true, none: null }",
        { caption: text, old: { type: "boolean" }, none: { type: "null" } },
      ],
      ['{"kind": "photo" | "drawing", "alt": "..."}', { kind: text, alt: text }],
      [
        '{"a": {"b": "x"}, "c": [{"name": "", "confidence": 0}]}',
        {
          a: properties({ b: text }),
          c: { ...list, items: properties({ name: text, confidence: { type: "number" } }) },
        },
      ],
      // As LangChain4j writes classes.
      [
        '{\n"caption": (type: string),\n"tags": (what it shows; type: array of string)\n}',
        { caption: text, tags: list },
      ],
      [
        '{\n"labels": (type: array of a.Label: {\n"name": (type: string),\n"score": (type: double)\n})\n}',
        {
          labels: { ...list, items: properties({ name: text, score: { type: "number" } }) },
        },
      ],
    ] as const)
      expect([written, schemas(`As JSON:\n${written} and no more`)]).toEqual([written, [properties(all)]]);
  });

  test("takes no other text in braces for one", () => {
    for (const words of [
      "",
      "no {braces} here",
      "{}",
      "{ }",
      "{{user}}",
      '{"open": "',
      '{"a" "b"}',
      "{1: 2}",
      "if (x) { y(); }",
    ])
      expect([words, schemas(words)]).toEqual([words, []]);
  });

  test("reads all JSON objects, property", () => {
    const key = fc.stringMatching(/^[a-z_]{1,9}$/).filter((name) => name !== "__proto__");
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue(), { minKeys: 1 }), fc.constantFrom(0, 2), (value, indent) => {
        const written = JSON.stringify(value, undefined, indent);
        const [first] = examplesInText(`JSON: ${written}.`);
        // An empty object says nothing, so that what holds one is no example.
        fc.pre(!/\{\s*\}/.test(written.replaceAll(/"(?:[^"\\]|\\.)*"/g, "")));
        expect(first?.written).toBe(written);
        expect(Object.keys((first?.schema["properties"] ?? {}) as object)).toEqual(Object.keys(value));
      }),
    );
  });

  test("ends soon with any text, property", () => {
    const part = fc.constantFrom(
      "{",
      "}",
      '"',
      "'",
      "[",
      "]",
      "(",
      ")",
      ":",
      ",",
      "...",
      "/*",
      "//",
      "\\",
      " ",
      "a",
      "<",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        for (const { schema, written } of examplesInText(parts.join(""))) {
          expect(written.startsWith("{") && written.endsWith("}")).toBe(true);
          captionFillOf(schema);
        }
      }),
    );
    for (const piece of ["{", '{"a":', '{"a":[', '{"a":(', "{a:/*", '{"', '{"a": "b" | ', "{'a': <", "key a, "]) {
      const took = processorTime();
      const long = piece.repeat(32_000 / piece.length);
      examplesInText(long);
      keysInText(long, () => true);
      expect([piece, took() < 2000]).toEqual([piece, true]);
    }
  });
});

describe("keysInText()", () => {
  test("finds the names that a text gives to keys", () => {
    for (const [words, names] of [
      ['You must respond in valid JSON with the key "tags" and the value is list of tags.', ["tags"]],
      ["Return JSON with keys `alt_text` and `keywords`.", ["alt_text", "keywords"]],
      ["JSON with the following keys: title, description, tags. No prose.", ["title", "description", "tags"]],
      ["an object with two fields: caption (one sentence), tags (a list)", ["caption", "tags"]],
      ["JSON with the following keys:\n- \"title\" (string)\n- 'mood' (string)\n", ["title", "mood"]],
      ["the keys of a piano", []],
      ["Describe the picture.", []],
    ] as const)
      expect([words, keysInText(words, isKnownKey)]).toEqual([words, [...names]]);
  });

  test("gives keys the types of their names", () => {
    const fill = captionFillOf(schemaOfKeys(["alt_text", "tags", "mood"]));
    expect(fill?.(dogCaption)).toEqual({ alt_text: said, tags: nouns });
  });
});
