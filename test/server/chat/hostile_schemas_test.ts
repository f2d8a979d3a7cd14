/** JSON schemas that are made to be slow, endless or poisonous to fill in. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { captionFillOf, fillOf } from "../../../src/server/chat/json_answer.ts";
import { schemaInText } from "../../../src/server/chat/schema_in_text.ts";
import { Problem } from "../../../src/server/problem.ts";
import { processorTime } from "../../processor_time.ts";
import { dogCaption as caption } from "./dog_caption.ts";

const object = (properties: object, required = Object.keys(properties)) => ({ type: "object", properties, required });

/** What fills a schema, or the code of its refusal, and that it took little time. */
function filled(schema: unknown): unknown {
  const took = processorTime();
  try {
    return fillOf(schema)(caption);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.message.length).toBeLessThan(400);
    return error.code;
  } finally {
    expect(took()).toBeLessThan(1000);
  }
}

/** Definitions that refer to each other in a circle, each to the next in several ways. */
function circle(length: number, ways: number, how: "anyOf" | "allOf" | "oneOf"): object {
  const target = (at: number) => ({ $ref: `#/$defs/a${(at + 1) % length}` });
  return Object.fromEntries(
    Array.from({ length }, (_, at) => [`a${at}`, { [how]: Array.from({ length: ways }, () => target(at)) }]),
  );
}

describe("fillOf()", () => {
  test("follows references in circles to their end, in one place or in a thousand", () => {
    for (const how of ["anyOf", "allOf", "oneOf"] as const)
      for (const [length, ways] of [
        [1, 1],
        [1, 2],
        [2, 2],
        [3, 16],
        [16, 2],
        [100, 1],
      ] as const) {
        const $defs = circle(length, ways, how);
        const property = { $ref: "#/$defs/a0" };
        expect(filled({ ...property, $defs })).toBe("option-invalid");
        expect(filled({ ...object({ caption: property }), $defs })).toBe("option-invalid");
        expect(filled({ ...object({ tags: { type: "array", items: property } }), $defs })).toBe("option-invalid");
        const many = Array.from({ length: 1000 }, (_, at) => [`p${at}`, property]);
        expect(filled({ ...object(Object.fromEntries(many), []), $defs })).toBe("option-invalid");
      }
    const self = { ...object({ caption: { type: "string" } }), $defs: { a: { $ref: "#" } }, $ref: "#" };
    expect(filled(self)).toBe("option-invalid");
  });

  test("finds no definition that the schema does not have itself", () => {
    for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty", "a~1b", "%61", "a/b", ""])
      expect(filled({ ...object({ caption: { $ref: `#/$defs/${name}` } }), $defs: {} })).toBe("option-invalid");
    for (const $ref of ["http://localhost/schema.json", "#/properties/caption", "#a", "", 7, null, ["#"]])
      expect(filled(object({ caption: { $ref } }))).toBe("option-invalid");
  });

  test("makes properties of any name its answer's own, and changes no other object", () => {
    const names = ["__proto__", "constructor", "toString", "prototype", "hasOwnProperty"];
    const properties = `{${names.map((name) => `"${name}":{"const":"x"}`)},"caption":{"type":"string"}}`;
    const schema = JSON.parse(`{"type":"object","properties":${properties},"required":${JSON.stringify(names)}}`);
    const answer = filled(schema) as object;
    expect(Object.keys(answer).sort()).toEqual(["caption", ...names].sort());
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
    const entry = JSON.parse('{"name":{"type":"string"},"__proto__":{"const":"y"}}');
    const tags = { type: "array", items: { type: "object", properties: entry, required: ["__proto__"] } };
    const [tag] = (filled(object({ tags })) as { tags: object[] }).tags;
    expect(Object.getPrototypeOf(tag)).toBe(Object.prototype);
    expect(Object.keys(tag!)).toEqual(["name", "__proto__"]);
  });

  test("refuses values and patterns that a caption may not fit, however many, without trying them", () => {
    const many = Array.from({ length: 100_000 }, (_, at) => `value ${at}`);
    for (const property of [
      { enum: many },
      { type: "string", enum: many },
      { type: "string", pattern: "^(a+)+$" },
      { type: "string", pattern: "(" },
      { type: "string", format: "regex" },
      { type: "string", not: {} },
      { type: "string", if: {}, else: {} },
      { anyOf: many.map((value) => ({ const: value })) },
      { type: ["string"], maxLength: -1e308 },
      { type: "string", maxLength: "3" },
    ])
      expect(filled(object({ caption: property }))).toBe("option-invalid");
    expect(filled({ ...object({}), patternProperties: { "^(a+)+$": {} } })).toBe("option-invalid");
  });

  test("names hundreds of properties, or the one that is missing, in little time", () => {
    const names = Array.from({ length: 300 }, (_, at) => `n${at}`);
    const entry = Object.fromEntries(names.map((name) => [name, { const: "x" }]));
    expect(Object.keys(filled(object(entry)) as object).length).toBe(300);
    const few = Object.fromEntries(Object.entries(entry).slice(0, 30));
    const items = object({ ...few, name: { type: "string" } }, Object.keys(few).reverse());
    expect((filled(object({ tags: { type: "array", items } })) as { tags: object[] }).tags.length).toBe(1);
    expect(filled(object(entry, [...names, "missing"]))).toBe("option-invalid");
    const more = Array.from({ length: 5000 }, (_, at) => [`${"n".repeat(500)}${at}`, { const: "x" }]);
    expect(filled(object(Object.fromEntries(more)))).toBe("option-invalid");
  });

  test("makes no answer much longer than one of everyday schemas, whatever a schema names, holds or repeats", () => {
    const text = { type: "string" };
    /** Properties that ask for the caption, or for nouns, by names that only differ in what does not count. */
    const many = (name: string, property: object) =>
      Object.fromEntries(Array.from({ length: 1500 }, (_, at) => ["_".repeat(at) + name, property]));
    const given = (length: number) => ({ ...text, const: "x ".repeat(length / 2) });
    const list = (items: object) => ({ type: "array", items });
    const ref = { $ref: "#/$defs/a" };
    const long = object({ caption: text, mood: given(2000) });
    const wide = object({ name: text, ...many("mood", { ...text, const: "x" }) });
    const schemas: object[] = [
      object({ caption: text, mood: given(1_000_000) }),
      object({ caption: text, mood: { ...text, default: "x".repeat(1_000_000) } }),
      object({ caption: text, ["m".repeat(1_000_000)]: { const: "x" } }),
      object(many("caption", text)),
      object(many("tags", list(text))),
      object(many("tags", text)),
      object({ tags: list(object({ name: text, mood: given(10_000) })) }),
      { ...object(many("photo", ref)), $defs: { a: long } },
      { ...object(many("photos", list(ref))), $defs: { a: long } },
      { ...object(many("photo", ref)), $defs: { a: object(many("caption", text)) } },
      { ...object(many("tags", list(ref))), $defs: { a: wide } },
      { ...object(many("tags", ref)), $defs: { a: list(wide) } },
      {
        ...object(many("caption", ref)),
        $defs: { a: { oneOf: Array.from({ length: 1500 }, (_, at) => ({ type: `${at}` })) } },
      },
    ];
    for (const schema of schemas) {
      const answer = filled(schema);
      expect(JSON.stringify(answer).length).toBeLessThan(100_000);
      // What asks for too much is refused as a whole, so that no answer lacks a part.
      expect(answer).toBe("option-invalid");
    }
  });

  test("fills in or refuses what is nested as deep as a text of 32,000 characters can be, property", () => {
    const wrap = fc.constantFrom(
      (inner: string) => `{"type":"object","properties":{"caption":${inner}}}`,
      (inner: string) => `{"type":"array","items":${inner}}`,
      (inner: string) => `{"anyOf":[${inner},{"type":"null"}]}`,
      (inner: string) => `{"allOf":[${inner}]}`,
      (inner: string) => `{"const":${inner}}`,
      (inner: string) => `{"$defs":{"a":${inner}},"$ref":"#/$defs/a"}`,
    );
    fc.assert(
      fc.property(wrap, wrap, fc.integer({ min: 1, max: 400 }), fc.boolean(), (first, second, depth, isRoot) => {
        let inner = '{"type":"string"}';
        for (let at = 0; at < depth; at++) inner = (at % 2 === 0 ? first : second)(inner);
        const text = isRoot ? inner : `{"type":"object","properties":{"caption":${inner}},"required":["caption"]}`;
        filled(JSON.parse(text));
        const found = schemaInText(text);
        if (found !== undefined) captionFillOf(found.schema);
      }),
    );
  });
});
