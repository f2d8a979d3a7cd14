import { type TObject, type TSchema, Type } from "@sinclair/typebox";

/**
 * A body's schema as published: each optional property may also be null, at any depth.
 *
 * Bodies are checked after removing nulls, so the schema for the check has none.
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
