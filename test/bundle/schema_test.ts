import { describe, expect, test } from "bun:test";
import { type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import {
  boolean,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  pair,
  type Schema,
  text,
} from "../../src/bundle/schema.ts";
import { runs } from "../runs.ts";

/** The same checks, by a package for JSON Schema. */
const schemas: readonly (readonly [Schema<unknown>, TSchema])[] = [
  [number(), Type.Number()],
  [number({ minimum: -1, maximum: 1 }), Type.Number({ minimum: -1, maximum: 1 })],
  [number({ above: 0 }), Type.Number({ exclusiveMinimum: 0 })],
  [integer({ minimum: 0, maximum: 255 }), Type.Integer({ minimum: 0, maximum: 255 })],
  [boolean, Type.Boolean()],
  [text({ filled: true }), Type.String({ minLength: 1 })],
  [text({ pattern: /^[a-z]+$/ }), Type.String({ pattern: "^[a-z]+$" })],
  [oneOf<string | number>("a", "b", 1), Type.Union([Type.Literal("a"), Type.Literal("b"), Type.Literal(1)])],
  [
    list(integer(), { least: 1, most: 3, unique: true }),
    Type.Array(Type.Integer(), { minItems: 1, maxItems: 3, uniqueItems: true }),
  ],
  [pair(integer(), text()), Type.Tuple([Type.Integer(), Type.String()])],
  [
    object({ a: integer(), b: optional(list(boolean)), c: object({ a: text() }) }),
    Type.Object({
      a: Type.Integer(),
      b: Type.Optional(Type.Array(Type.Boolean())),
      c: Type.Object({ a: Type.String() }),
    }),
  ],
];

const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 255, 256, 0.5, 1e300, "", "a", "b", "ab1"),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 3 }),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("json"), { maxLength: 4 }),
    fc.record({ a: tie("json"), b: tie("json"), c: tie("json") }, { requiredKeys: [] }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__", "length"), tie("json")),
  ),
}));

describe("a schema", () => {
  test("accepts what TypeBox accepts, and refuses the rest", () => {
    fc.assert(
      fc.property(fc.constantFrom(...schemas), json, ([schema, other], value) => {
        const read: unknown = JSON.parse(JSON.stringify(value));
        expect(schema.fault(read, "") === undefined).toBe(Value.Check(other, read));
      }),
      { numRuns: runs(3000) },
    );
  });

  test("accepts objects of the right form", () => {
    const [schema, other] = schemas.at(-1)!;
    const right = fc.record(
      { a: fc.integer(), b: fc.array(fc.boolean()), c: fc.record({ a: fc.string(), more: fc.anything() }) },
      { requiredKeys: ["a", "c"] },
    );
    fc.assert(
      fc.property(right, (value) => {
        expect([schema.fault(value, ""), Value.Check(other, value)]).toEqual([undefined, true]);
      }),
    );
  });

  test("says where the first fault is, and what was expected", () => {
    const schema = object({
      list: list(pair(integer({ minimum: 0 }), text())),
      name: optional(text({ filled: true })),
    });
    const fault = (value: unknown) => schema.fault(value, "");
    const values: [unknown, string, string][] = [
      [7, "", "expected object"],
      [{}, "/list", "expected required property"],
      [{ list: {} }, "/list", "expected array"],
      [{ list: [[1, "a"], [1]] }, "/list/1", "expected array of 2 elements"],
      [{ list: [[-1, "a"]] }, "/list/0/0", "expected integer to be greater or equal to 0"],
      [{ list: [], name: "" }, "/name", "expected string that is not empty"],
    ];
    for (const [value, path, message] of values) expect(fault(value)).toMatchObject({ path, message });
    expect(fault({ list: [], other: 1 })).toBeUndefined();
  });
});
