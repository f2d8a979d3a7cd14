import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { nullable } from "../../../src/server/chat/nullable.ts";

const schema = Type.Object({
  needed: Type.String(),
  choice: Type.Optional(Type.Union([Type.Literal("a"), Type.Object({ deep: Type.Optional(Type.Number()) })])),
  list: Type.Optional(Type.Array(Type.Object({ more: Type.Optional(Type.Boolean()) }))),
});

test("a published schema allows null for every optional field, and for no other", () => {
  const published = nullable(schema);
  for (const taken of [
    { needed: "x" },
    { needed: "x", choice: null, list: null },
    { needed: "x", choice: { deep: null }, list: [{ more: null }] },
  ])
    expect([taken, Value.Check(published, taken)]).toEqual([taken, true]);
  for (const refused of [{ needed: null }, { needed: "x", list: [null] }, { needed: "x", choice: "b" }, null])
    expect([refused, Value.Check(published, refused)]).toEqual([refused, false]);
});
