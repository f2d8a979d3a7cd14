import { type TObject, type TSchema, Type } from "@sinclair/typebox";

/**
 * A body's schema as it is published: each property that may be left out may be null, too, at any depth.
 *
 * Bodies are checked without their nulls, so that the schema of the check has none.
 */
export function nullable(schema: TSchema): TSchema {
  if (schema["type"] === "array") return { ...schema, items: nullable(schema["items"] as TSchema) };
  if (schema["anyOf"] !== undefined) return { ...schema, anyOf: (schema["anyOf"] as TSchema[]).map(nullable) };
  if (schema["type"] !== "object" || schema["properties"] === undefined) return schema;
  const { properties, required = [] } = schema as TObject;
  const published = Object.entries(properties).map(([name, property]) => [
    name,
    required.includes(name) ? nullable(property) : Type.Union([nullable(property), Type.Null()]),
  ]);
  return { ...schema, properties: Object.fromEntries(published) };
}
