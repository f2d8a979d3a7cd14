import { describe, expect, test } from "bun:test";
import Ajv from "ajv";
import fc from "fast-check";
import type { Caption } from "../../../src/caption/caption.ts";
import { fillOf, plainFill } from "../../../src/server/chat/json_answer.ts";
import { Problem } from "../../../src/server/problem.ts";

const caption: Caption = {
  caption: "a dog on grass",
  logProbability: -3,
  words: [],
  alternatives: [],
  concepts: [
    { name: "dog", probability: 0.9 },
    { name: "grass", probability: 0.4 },
  ],
  timing: { imageMs: 1, encodeMs: 1, generateMs: 1 },
};

const object = (properties: object, required: string[] = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const share = { type: "number", minimum: 0, maximum: 1 };

/** Schemas that can be filled in, and with what. */
const good: [schema: object, answer: object][] = [
  [object({ caption: { type: "string" } }), { caption: "a dog on grass" }],
  [object({ alt_text: { type: ["string", "null"], title: "Alt" } }), { alt_text: "a dog on grass" }],
  [object({ tags: { type: "array", items: { type: "string" } } }), { tags: ["dog", "grass"] }],
  [object({ keywords: { type: "array", items: { type: "string" }, maxItems: 1 } }), { keywords: ["dog"] }],
  [
    object({
      labels: {
        type: "array",
        default: [],
        items: object({ name: { type: "string", minLength: 1 }, confidence: share }),
      },
    }),
    {
      labels: [
        { name: "dog", confidence: 0.9 },
        { name: "grass", confidence: 0.4 },
      ],
    },
  ],
  [object({ title: { type: "string" }, mood: { type: "string" } }, ["title"]), { title: "a dog on grass" }],
  [object({}), {}],
  [
    {
      // As pydantic writes classes.
      ...object({ caption: { type: "string" }, labels: { type: "array", items: { $ref: "#/$defs/Label" } } }),
      $defs: { Label: object({ name: { type: "string" }, confidence: { ...share, title: "Confidence" } }) },
    },
    {
      caption: "a dog on grass",
      labels: [
        { name: "dog", confidence: 0.9 },
        { name: "grass", confidence: 0.4 },
      ],
    },
  ],
  [
    { $ref: "#/definitions/photo", definitions: { photo: object({ caption: { allOf: [{ type: "string" }] } }) } },
    { caption: "a dog on grass" },
  ],
  [
    // As the strict schemas of OpenAI's clients have optional properties.
    object({
      title: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
      place: { anyOf: [{ type: "string" }, { type: "null" }], title: "Place" },
      people: { oneOf: [{ type: "null" }, { type: "integer" }] },
      mood: { type: ["string", "null"] },
      kind: { const: "photo", type: "string" },
      form: { enum: ["sentence"], type: "string" },
      tags: {
        anyOf: [{ type: "null" }, { type: "array", items: object({ tag: { type: "string" }, box: { type: "null" } }) }],
      },
    }),
    {
      ...{ title: "a dog on grass", place: null, people: null, mood: null, kind: "photo", form: "sentence" },
      tags: [
        { tag: "dog", box: null },
        { tag: "grass", box: null },
      ],
    },
  ],
];

const photo = object({ caption: { type: "string" }, tags: { type: "array", items: { type: "string" } } });
const photoFilled = { caption: "a dog on grass", tags: ["dog", "grass"] };
const alt = object({ alt_text: { type: "string" } });
const orNull = (schema: object) => ({ anyOf: [schema, { type: "null" }], default: null });
const kindOf = (kind: string, data: object) => object({ kind: { type: "string", const: kind }, data });

/** A class inside of what libraries wrap it in, and what they read. */
const wrapped: [library: string, schema: object, answer: object][] = [
  ["a list of instructor", object({ tasks: { type: "array", items: photo } }, []), { tasks: [photoFilled] }],
  [
    "Maybe of instructor",
    object({ result: orNull(photo), error: { default: false, type: "boolean" }, message: orNull({ type: "string" }) }),
    { result: photoFilled, error: false, message: null },
  ],
  [
    "Maybe of instructor, where nothing is required",
    object({ result: orNull(photo), error: { default: false, type: "boolean" } }, []),
    { result: photoFilled },
  ],
  [
    "a list of texts of Pydantic AI",
    object({ response: { type: "array", items: { type: "string" } } }),
    { response: ["dog", "grass"] },
  ],
  [
    "a union of Pydantic AI",
    object({ result: { anyOf: [kindOf("Weather", object({ city: { type: "string" } })), kindOf("Alt", alt)] } }),
    { result: { kind: "Alt", data: { alt_text: "a dog on grass" } } },
  ],
  [
    "a list of objects of the AI SDK",
    object({ elements: { type: "array", items: object({ name: { type: "string" }, confidence: share }) } }),
    {
      elements: [
        { name: "dog", confidence: 0.9 },
        { name: "grass", confidence: 0.4 },
      ],
    },
  ],
  [
    "a list of one to three",
    object({ photos: { type: "array", items: alt, minItems: 1, maxItems: 3 } }),
    { photos: [{ alt_text: "a dog on grass" }] },
  ],
  [
    "labels with a class of their own",
    object({ labels: { type: "array", items: alt } }),
    { labels: [{ alt_text: "a dog on grass" }] },
  ],
  [
    "names of a plugin for Lightroom",
    object({
      "Image caption": { type: "string" },
      "Image Alt Text": { type: "string" },
      photo_tags: { type: "array", items: { type: "string" } },
      keywords: { type: "string" },
    }),
    {
      ...{ "Image caption": "a dog on grass", "Image Alt Text": "a dog on grass" },
      ...{ photo_tags: ["dog", "grass"], keywords: "dog, grass" },
    },
  ],
  [
    "a structure of Home Assistant",
    { ...object({ caption: { type: "string" }, mood: { type: ["string", "null"] } }), strict: true },
    { caption: "a dog on grass", mood: null },
  ],
  [
    "keywords that are no part of JSON schemas",
    {
      ...object({ caption: { type: "string", "x-order": 1 }, place: { type: "string", nullable: true } }),
      propertyOrdering: ["caption"],
    },
    { caption: "a dog on grass", place: null },
  ],
  [
    "limits of Zod and pydantic",
    object({
      alt: { type: "string", minLength: 1, maxLength: 125 },
      tags: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 5, uniqueItems: true },
      confidence: share,
    }),
    { alt: "a dog on grass", tags: ["dog", "grass"], confidence: Math.exp(-3) },
  ],
  ["a choice of the AI SDK", object({ result: { type: "string", enum: ["Cat", "Grass", "Dog"] } }), { result: "Dog" }],
  ["a union at the top", { anyOf: [object({ city: { type: "string" } }), alt] }, { alt_text: "a dog on grass" }],
];

/** What fills a schema, or why it is refused. */
function filledOrRefused(schema: unknown): unknown {
  try {
    return fillOf(schema)(caption);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Checks values by a schema. A value that is not a schema allows everything. */
function validatorOf(schema: object): (value: unknown) => unknown {
  try {
    return new Ajv({ strict: false, validateSchema: false, logger: false }).compile(schema);
  } catch {
    return () => true;
  }
}

describe("fillOf()", () => {
  test("fills in what is known, as the schema has it", () => {
    for (const [schema, answer] of good) {
      const filled = fillOf(schema)(caption);
      expect(filled).toEqual(answer);
      expect(new Ajv({ strict: false }).validate(schema, filled)).toBe(true);
    }
  });

  test("fills in a class inside of what libraries wrap it in", () => {
    for (const [library, schema, answer] of wrapped) {
      const filled = fillOf(schema)(caption);
      expect([library, filled]).toEqual([library, answer]);
      expect(new Ajv({ strict: false }).validate(schema, filled)).toBe(true);
    }
  });

  test("ends with schemas that lead in circles", () => {
    const node = object({ caption: { type: "string" }, more: { type: "array", items: { $ref: "#/$defs/node" } } }, []);
    const names = Array.from({ length: 200 }, (_, place) => `part${place}`);
    const wide = object(Object.fromEntries(names.map((name) => [name, { $ref: "#/$defs/wide" }])), []);
    expect(fillOf({ ...node, $defs: { node } })(caption)).toMatchObject({ caption: "a dog on grass" });
    expect(() => fillOf({ ...wide, $defs: { wide } })).toThrow("part0");
  });

  test("names what cannot be known", () => {
    const labels = object({
      labels: { type: "array", items: object({ name: { type: "string" }, topicality: share }) },
    });
    for (const [schema, name] of [
      [object({ mood: { type: "string" } }), '"mood"'],
      [object({ caption: { type: "number" } }), '"caption"'],
      [object({ caption: { type: "string", maxLength: 0 } }), '"caption"'],
      [object({ caption: { type: "string", pattern: "^A" } }), '"caption"'],
      [object({ tags: { type: "array", items: { type: "string" }, minItems: 3, maxItems: 2 } }), '"tags"'],
      [object({ mood: { type: "string", enum: ["dog", "cat"] }, tags: { type: "string" } }), '"mood"'],
      [object({}, ["people"]), '"people"'],
      [labels, '"labels[].topicality"'],
      [object({ mood: { type: "string" } }, []), '"mood"'],
      [object({ "image text": { type: "string" } }), '"image text"'],
      [object({ photo: object({ mood: { type: "string" } }) }), '"photo.mood"'],
      [object({ photos: { type: "array", items: object({ mood: { type: "string" } }) } }), '"photos[].mood"'],
      [object({ photos: { type: "array", items: alt, minItems: 2 } }), '"photos"'],
      [object({ caption: { type: "string" }, moods: { type: "array", items: { type: "string" } } }), '"moods"'],
      [object({ sure: { type: "boolean", default: "no" } }), '"sure"'],
      [{ ...object({}), minProperties: 2 }, "plain properties"],
      [{ type: "array" }, "plain properties"],
      [object({ caption: { $ref: "https://example.org/caption.json" } }), '"caption"'],
      [{ ...object({ caption: { $ref: "#/$defs/loop" } }), $defs: { loop: { $ref: "#/$defs/loop" } } }, '"caption"'],
      [{ ...object({ caption: { $ref: "#/$defs/toString" } }), $defs: {} }, '"caption"'],
      [
        { ...object({ caption: { $ref: "#/$defs/text", maxLength: 3 } }), $defs: { text: { type: "string" } } },
        '"caption"',
      ],
      [object({ caption: { oneOf: [{ type: "string" }, { minLength: 1 }] } }), '"caption"'],
      [object({ kind: { type: "number", const: "photo" } }), '"kind"'],
      [undefined, "plain properties"],
      ["text", "plain properties"],
    ] as const)
      expect(() => fillOf(schema)).toThrow(name);
  });

  test("names what a picture shows too little for", () => {
    for (const [schema, name] of [
      [object({ caption: { type: "string", maxLength: 3 } }), '"caption"'],
      [object({ caption: { type: "string", minLength: 30 } }), '"caption"'],
      [object({ tags: { type: "array", items: { type: "string" }, minItems: 3 } }), '"tags"'],
      [object({ kind: { type: "string", enum: ["photo", "drawing"] } }), '"kind"'],
      [object({ caption: { type: "string", enum: ["yes", "no"] } }), '"caption"'],
    ] as const) {
      const fill = fillOf(schema);
      expect(() => fill(caption)).toThrow(name);
    }
  });

  test("says how long the sentence may be, as the strictest part of the schema does", () => {
    const text = (maxLength: number) => ({ type: "string", maxLength });
    for (const [schema, most] of [
      [object({ caption: text(125) }), 125],
      [object({ caption: text(125), title: text(60), tags: { type: "string", maxLength: 500 } }), 60],
      [object({ photos: { type: "array", items: object({ alt: text(80) }) } }), 80],
      [object({ caption: { type: "string" } }), undefined],
      [object({ caption: text(10_000_000) }), undefined],
    ] as const)
      expect(fillOf(schema).maxCharacters).toBe(most);
  });

  test("gives what the schema allows, or refuses, property", () => {
    const leaf = fc.oneof(
      fc.constantFrom({ type: "string" }, share, { type: "boolean" }, { type: "string", minLength: 2 }, {}),
      fc.record({
        type: fc.constantFrom("string", "number", "boolean", "null"),
        default: fc.jsonValue({ maxDepth: 0 }),
      }),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const name = fc.constantFrom("caption", "labels", "name", "confidence", "tags", "mood", "__proto__");
    const flat = fc
      .dictionary(name, leaf)
      .chain((properties) => fc.subarray(Object.keys(properties)).map((required) => object(properties, required)));
    const list = fc.record({ type: fc.constant("array"), items: fc.oneof(flat, leaf) });
    const plain = fc.oneof(
      flat,
      list,
      leaf,
      fc.constantFrom({ type: "null" }, { const: "a" }, { enum: ["a"], type: "string" }),
    );
    const reference = fc.constantFrom("#/$defs/a", "#/$defs/b", "#/$defs/none").map(($ref) => ({ $ref }));
    const choices = fc.array(fc.oneof(plain, reference), { minLength: 1, maxLength: 3 });
    const joined = fc.tuple(fc.constantFrom("anyOf", "oneOf", "allOf"), choices).map(([key, all]) => ({ [key]: all }));
    const value = fc.oneof(
      plain,
      reference,
      joined,
      fc.tuple(joined, leaf).map(([a, b]) => Object.assign({}, b, a)),
    );
    const schemas = fc
      .record({ properties: fc.dictionary(name, value), a: value, b: plain })
      .map(({ properties, a, b }) => ({ ...object(properties), $defs: { a, b } }));
    fc.assert(
      fc.property(schemas, (schema) => {
        const filled = filledOrRefused(schema);
        if (filled instanceof Problem) expect(filled.code).toBe("option-invalid");
        // Ajv takes a property of this name for an additional one.
        else if (!Object.hasOwn(filled as object, "__proto__"))
          expect([schema, filled, validatorOf(schema)(filled)]).toEqual([schema, filled, true]);
      }),
    );
  });
});

test("plainFill() gives the caption and its labels", () => {
  expect(plainFill(caption)).toEqual({
    caption: "a dog on grass",
    labels: [
      { name: "dog", confidence: 0.9 },
      { name: "grass", confidence: 0.4 },
    ],
  });
});
