import type { Caption } from "../../caption/caption.ts";
import { Problem } from "../problem.ts";

/** Formats a caption as JSON. */
export type Fill = (caption: Caption) => unknown;

type Schema = Readonly<Record<string, unknown>>;

type Concept = Caption["concepts"][number];

const sentenceNames = /^(?:caption|description|title|alt|alt_?text|text|summary|response|answer|content|sentence)$/i;
const listNames = /^(?:tags|keywords|labels|concepts|objects)$/i;
const nounNames = /^(?:name|label|tag|keyword)$/i;
const probabilityNames = /^(?:confidence|probability|score)$/i;

/** Schema keywords that allow any value that this file fills in; `minLength` 1 is checked separately. */
const harmless = new Set(["type", "title", "description", "default", "example", "examples", "minLength"]);

/** Keywords that an object's schema may use. */
const ofObjects = new Set(["properties", "required", "additionalProperties", "$schema", "$id", "$defs", "definitions"]);

/** The answer if JSON is requested without a schema. */
export const plainFill: Fill = ({ caption, concepts }) => ({
  caption,
  labels: concepts.map(({ name, probability }) => ({ name, confidence: probability })),
});

/**
 * How to fill in a JSON schema. Properties are recognised by their names, such as `caption` and `labels`. A required
 * property that is unknown gets null if its schema allows that.
 *
 * @throws {Problem} `option-invalid`, naming the property that has to be there and cannot be known.
 */
export function fillOf(schema: unknown): Fill {
  const branches = branchesOf(schema, schema);
  const { required, properties } = objectParts(branches.find(isObjectSchema) ?? branches[0]);
  const fills = Object.entries(properties).flatMap(([name, property]) => {
    const fill =
      fillOfProperty(name, property, schema) ?? (required.has(name) ? givenFill(property, schema) : undefined);
    if (fill === undefined && required.has(name)) throw unknownProperty(name);
    return fill === undefined ? [] : [[name, fill] as const];
  });
  const missing = [...required].find((name) => !Object.hasOwn(properties, name));
  if (missing !== undefined) throw unknownProperty(missing);
  return (caption) => Object.fromEntries(fills.map(([name, fill]) => [name, fill(caption)]));
}

/**
 * How to fill in a JSON schema; `undefined` if that is not possible, or if it asks for neither a caption nor labels.
 */
export function captionFillOf(schema: unknown): Fill | undefined {
  try {
    const fill = fillOf(schema);
    return asksForCaption(fill) ? fill : undefined;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** Whether the filled-in value depends on the caption. */
function asksForCaption(fill: Fill): boolean {
  const said = (caption: string, name: string) =>
    JSON.stringify(
      fill({
        caption,
        logProbability: 0,
        words: [],
        alternatives: [],
        concepts: [{ name, probability: 1 }],
        timing: { imageMs: 0, encodeMs: 0, generateMs: 0 },
      }),
    );
  return said("a", "a") !== said("b", "b");
}

function fillOfProperty(name: string, property: unknown, root: unknown): Fill | undefined {
  const fills = branchesOf(property, root).map((branch) => fillOfBranch(name, branch, root));
  return fills.find((fill) => fill !== undefined);
}

function fillOfBranch(name: string, property: unknown, root: unknown): Fill | undefined {
  if (sentenceNames.test(name) && isPlain(property, "string", 0)) return ({ caption }) => caption;
  if (!listNames.test(name) || !isObject(property) || !hasType(property, "array")) return undefined;
  const { items, maxItems, minItems, type: _, ...more } = property;
  const most = typeof maxItems === "number" ? maxItems : Number.POSITIVE_INFINITY;
  if ((minItems ?? 0) !== 0 || Object.keys(more).some((key) => !harmless.has(key))) return undefined;
  const kinds = items === undefined ? [] : branchesOf(items, root);
  if (items === undefined || kinds.some((kind) => isPlain(kind, "string", 1)))
    return ({ concepts }) => concepts.slice(0, most).map((concept) => concept.name);
  const entry = kinds.find(isObjectSchema);
  if (entry === undefined) return undefined;
  const { required, properties } = objectParts(entry);
  const known = Object.entries(properties).flatMap(([key, value]): [string, (concept: Concept) => unknown][] => {
    const forms = branchesOf(value, root);
    if (nounNames.test(key) && forms.some((form) => isPlain(form, "string", 1))) return [[key, ({ name }) => name]];
    if (probabilityNames.test(key) && forms.some(isShare)) return [[key, ({ probability }) => probability]];
    const given = required.has(key) ? givenValue(forms) : undefined;
    return given === undefined ? [] : [[key, () => given]];
  });
  const knownKeys = new Set(known.map(([key]) => key));
  const unknown = [...required].find((key) => !knownKeys.has(key));
  if (unknown !== undefined) throw unknownProperty(`${name}[].${unknown}`);
  if (known.length === 0) return undefined;
  return ({ concepts }) =>
    concepts.slice(0, most).map((concept) => Object.fromEntries(known.map(([key, part]) => [key, part(concept)])));
}

/** Fills in a property whose schema itself says what it may be: only one value, or null. */
function givenFill(property: unknown, root: unknown): Fill | undefined {
  const value = givenValue(branchesOf(property, root));
  return value === undefined ? undefined : () => value;
}

function givenValue(forms: readonly unknown[]): unknown {
  for (const form of forms) {
    if (!isObject(form)) continue;
    const { const: only, enum: choices, ...more } = form;
    if (Object.keys(more).some((key) => !harmless.has(key))) continue;
    const values = Object.hasOwn(form, "const") ? [only] : (choices ?? []);
    if (Array.isArray(values) && values.length === 1 && isText(values[0], more)) return values[0];
    if (only === undefined && choices === undefined && hasType(form, "null")) return null;
  }
  return undefined;
}

/** Whether a value is a text that may have the type of its schema. */
function isText(value: unknown, schema: Schema): boolean {
  const { type, minLength } = schema;
  return typeof value === "string" && minLength === undefined && (type === undefined || hasType(schema, "string"));
}

/** Keywords that may stand beside a reference, because they restrict nothing. */
const remarks = new Set([
  "title",
  "description",
  "default",
  "example",
  "examples",
  "$schema",
  "$id",
  "$defs",
  "definitions",
]);

/** Most references to follow from one schema, which could lead in a circle. */
const mostReferences = 16;

/**
 * The alternatives of a schema, with references to the document's own definitions followed: libraries that make schemas
 * from classes name each class once, and write an optional property as `anyOf` its type and null.
 */
function branchesOf(schema: unknown, root: unknown, left = mostReferences): unknown[] {
  if (!isObject(schema) || left === 0) return [schema];
  const { $ref, allOf, anyOf, oneOf, ...beside } = schema;
  const kinds = [$ref, allOf, anyOf, oneOf].filter((one) => one !== undefined);
  if (kinds.length !== 1 || Object.keys(beside).some((key) => !remarks.has(key))) return [schema];
  const targets =
    typeof $ref === "string"
      ? [definition($ref, root)]
      : Array.isArray(allOf) && allOf.length === 1
        ? allOf
        : (anyOf ?? (Array.isArray(oneOf) && areDisjoint(oneOf) ? oneOf : undefined));
  if (!Array.isArray(targets) || targets.length > mostReferences) return [schema];
  return targets.flatMap((target) => branchesOf(target, root, Math.floor((left - 1) / targets.length)));
}

/** Whether no value fits two of these schemas, by their types. */
function areDisjoint(schemas: readonly unknown[]): boolean {
  const types = schemas.map((one) => (isObject(one) ? one["type"] : undefined));
  const kinds = types.map((type) => (type === "integer" ? "number" : type));
  return kinds.every((kind) => typeof kind === "string") && new Set(kinds).size === kinds.length;
}

/** The schema that a reference such as `#/$defs/Label` names; `undefined` if it is not in this document. */
function definition(reference: string, root: unknown): unknown {
  const [, place = "", name = ""] = /^#\/(\$defs|definitions)\/([^/~%]{1,100})$/.exec(reference) ?? [];
  const definitions = isObject(root) ? root[place] : undefined;
  return isObject(definitions) && Object.hasOwn(definitions, name) ? definitions[name] : undefined;
}

function isObjectSchema(schema: unknown): boolean {
  return isObject(schema) && hasType(schema, "object");
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
