import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { schemaInText } from "../../../src/server/chat/schema_in_text.ts";
import { processorTime } from "../../processor_time.ts";

const photo = {
  type: "object",
  properties: { caption: { type: "string" }, tags: { type: "array", items: { type: "string" } } },
  required: ["caption"],
};

describe("schemaInText()", () => {
  test("finds the schema among other text, indented or not, with any characters in its texts", () => {
    for (const [before, after] of [
      ["", ""],
      ["Answer as JSON that matches this schema:\n```json\n", "\n```\nNo {other} text."],
      ["Fields {a} and { b }, {{ x }}: ", ' and {"not": "a schema"}'],
      ['{"properties": {"foo": ["bar"]}} is wrong. {"unfinished: ', ""],
    ] as const)
      for (const indent of [0, 2]) {
        const written = JSON.stringify(photo, undefined, indent);
        expect([before, schemaInText(before + written + after)]).toEqual([before, { schema: photo, written }]);
      }
    const said = { type: "object", properties: { caption: { description: 'with "}" and \\ and 🐕', type: "string" } } };
    expect(schemaInText(`x ${JSON.stringify(said)} y`)?.schema).toEqual(said);
  });

  test("takes the last one, because examples come before it, and adds the type that some leave out", () => {
    const example = '{"properties": {"foo": {"type": "array"}}, "required": ["foo"]}';
    const { type: _, ...untyped } = photo;
    expect(schemaInText(`${example} fits {"foo": []}. Schema: ${JSON.stringify(untyped)}`)?.schema).toEqual(photo);
  });

  test("finds none in what is not the schema of an object", () => {
    for (const text of [
      "",
      "Describe the picture.",
      '{"caption": "a dog"}',
      '{"type": "array", "items": {}}',
      '{"type": "string", "properties": {}}',
      '{"properties": ["caption"]}',
      '{"properties": {"caption": "a dog"}}',
      '{"properties": null}',
      `{"properties": {"caption": {"type": "string"}}`,
    ])
      expect([text, schemaInText(text)]).toEqual([text, undefined]);
  });

  test("finds any schema that JSON can write, whatever plain text is around it", () => {
    const words = fc.stringMatching(/^[^{}"\\]*$/);
    const properties = fc.dictionary(fc.string(), fc.record({ type: fc.constant("string"), title: fc.string() }));
    fc.assert(
      fc.property(words, properties, words, (before, all, after) => {
        const schema = { type: "object", properties: all };
        const written = JSON.stringify(schema);
        const found = schemaInText(before + written + after);
        expect(found).toEqual({ schema: JSON.parse(written), written });
      }),
    );
  });

  test("reads any text in little time", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("{", "}", '"', "\\", ":", "properties", " ") }), (text) => {
        expect(schemaInText(text)?.schema["type"] ?? "object").toBe("object");
      }),
    );
    const parts = ['{"', '{ "', '{"a":', '{"\\', "{", '{"a":{}}', '\\"', "\\", '"', " ", '"}'];
    for (const begin of ["", '{"', '{"'.repeat(64), "{ ".repeat(64)])
      for (const part of parts) {
        const text = begin + part.repeat(200_000);
        const took = processorTime();
        schemaInText(text);
        expect([begin, part, took() < 500]).toEqual([begin, part, true]);
      }
  });
});
