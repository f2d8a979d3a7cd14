import type { Caption } from "../../caption/caption.ts";
import { Problem } from "../problem.ts";

/** Formats a caption as JSON. */
export type Fill = (caption: Caption) => unknown;

type Schema = Readonly<Record<string, unknown>>;

const sentenceNames = /^(?:caption|description|title|alt|alt_?text|text|summary|response|answer|content|sentence)$/i;
const listNames = /^(?:tags|keywords|labels|concepts|objects)$/i;
const nounNames = /^(?:name|label|tag|keyword)$/i;
const probabilityNames = /^(?:confidence|probability|score)$/i;

/** Schema keywords that do not forbid the value that would be given; `minLength` 1 is checked separately. */
const harmless = new Set(["type", "title", "description", "default", "example", "examples", "minLength"]);

/** Keywords that an object's schema may use. */
const ofObjects = new Set(["properties", "required", "additionalProperties", "$schema", "$id", "$defs", "definitions"]);

/** The answer if JSON is requested without a schema. */
export const plainFill: Fill = ({ caption, concepts }) => ({
  caption,
  labels: concepts.map(({ name, probability }) => ({ name, confidence: probability })),
});

/**
 * How to fill in a JSON schema. Properties are recognised by their names, such as `caption` and `labels`.
 *
 * @throws {Problem} `option-invalid`, naming the property that has to be there and cannot be known.
 */
export function fillOf(schema: unknown): Fill {
  const { required, properties } = objectParts(schema);
  const fills = Object.entries(properties).flatMap(([name, property]) => {
    const fill = fillOfProperty(name, property);
    if (fill === undefined && required.has(name)) throw unknownProperty(name);
    return fill === undefined ? [] : [[name, fill] as const];
  });
  const missing = [...required].find((name) => !Object.hasOwn(properties, name));
  if (missing !== undefined) throw unknownProperty(missing);
  return (caption) => Object.fromEntries(fills.map(([name, fill]) => [name, fill(caption)]));
}

function fillOfProperty(name: string, property: unknown): Fill | undefined {
  if (sentenceNames.test(name) && isPlain(property, "string", 0)) return ({ caption }) => caption;
  if (!listNames.test(name) || !isObject(property) || !hasType(property, "array")) return undefined;
  const { items, maxItems, minItems, type: _, ...more } = property;
  const most = typeof maxItems === "number" ? maxItems : Number.POSITIVE_INFINITY;
  if ((minItems ?? 0) !== 0 || Object.keys(more).some((key) => !harmless.has(key))) return undefined;
  if (items === undefined || isPlain(items, "string", 1))
    return ({ concepts }) => concepts.slice(0, most).map((concept) => concept.name);
  if (!isObject(items) || !hasType(items, "object")) return undefined;
  const { required, properties } = objectParts(items);
  const known = Object.entries(properties).flatMap(([key, value]): [string, "name" | "probability"][] => {
    if (nounNames.test(key) && isPlain(value, "string", 1)) return [[key, "name"]];
    return probabilityNames.test(key) && isShare(value) ? [[key, "probability"]] : [];
  });
  const unknown = [...required].find((key) => !known.some(([one]) => one === key));
  if (unknown !== undefined) throw unknownProperty(`${name}[].${unknown}`);
  if (known.length === 0) return undefined;
  return ({ concepts }) =>
    concepts.slice(0, most).map((concept) => Object.fromEntries(known.map(([key, part]) => [key, concept[part]])));
}

function objectParts(schema: unknown): { required: ReadonlySet<string>; properties: Schema } {
  const understood =
    isObject(schema) &&
    hasType(schema, "object") &&
    isObject(schema["properties"] ?? {}) &&
    Object.keys(schema).every((key) => harmless.has(key) || ofObjects.has(key));
  if (!understood)
    throw new Problem(
      "option-invalid",
      "The JSON schema must describe an object with plain properties: send a simpler one.",
    );
  const required = schema["required"];
  return {
    required: new Set(Array.isArray(required) ? required.map(String) : []),
    properties: (schema["properties"] ?? {}) as Schema,
  };
}

/** Whether the schema allows every text of `shortest` characters, or every number from 0 to 1. */
function isPlain(schema: unknown, type: string, shortest: number): boolean {
  if (!isObject(schema) || !hasType(schema, type)) return false;
  const { minLength } = schema;
  return (
    Object.keys(schema).every((key) => harmless.has(key)) && (typeof minLength !== "number" || minLength <= shortest)
  );
}

function isShare(schema: unknown): boolean {
  if (!isObject(schema)) return false;
  const { minimum = 0, maximum = 1, ...more } = schema;
  return typeof minimum === "number" && minimum <= 0 && typeof maximum === "number" && maximum >= 1
    ? isPlain(more, "number", 0)
    : false;
}

function hasType(schema: Schema, type: string): boolean {
  const given = schema["type"];
  return Array.isArray(given) ? given.includes(type) : given === type;
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownProperty(name: string): Problem {
  const shown = JSON.stringify(name.slice(0, 60));
  return new Problem(
    "option-invalid",
    `The JSON schema asks for ${shown}, which this model cannot fill in: ask for a caption, or for labels with name and confidence.`,
  );
}
