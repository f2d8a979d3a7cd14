import type { Caption } from "../../caption/caption.ts";
import { mostConcepts } from "../../concepts/likely_concepts.ts";
import { Problem } from "../problem.ts";

/** Formats a caption as JSON. */
export type Fill = (caption: Caption) => unknown;

type Schema = Readonly<Record<string, unknown>>;

type Concept = Caption["concepts"][number];

/** Names of properties without spaces, underscores and hyphens. */
const sentenceNames =
  /^(?:(?:image|photo|picture)?(?:caption|description|title|alt|alttext)|text|summary|headline|response|answer|content|sentence)$/i;
const listNames = /^(?:image|photo|picture)?(?:tags|keywords|labels|concepts|objects)$/i;
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

/** How a schema, or a part of one, is filled in; otherwise which property prevents it. */
type Filling =
  | { readonly fill: Fill /** Whether a caption or labels change it. */; readonly asks: boolean }
  | {
      readonly fill?: undefined /** The path of a property; empty if the schema itself is too special. */;
      readonly missing: string;
    };

/** A schema while it is read. */
interface Reading {
  /** The whole of it, in which references lead to definitions. */
  readonly root: unknown;
  /** Number of objects that may still be looked at: references can lead in circles. */
  left: number;
  /** Number of characters that the answer may still get. */
  room: number;
}

/** Most objects to look at in one schema. */
const mostObjects = 64;
/**
 * Most characters of an answer. Names and values of a schema can be as long as a request, and references repeat them:
 * without a limit, a small request could get an answer of gigabytes.
 */
const mostCharacters = 32_768;
/** Characters of a property that is filled in with what the picture shows. */
const usualCharacters = 64;

/**
 * How to fill in a JSON schema. Properties are recognised by their names, such as `caption` and `labels`. Objects inside
 * are filled in too, and a list of objects gets one entry, because libraries wrap a class or a list of them. A schema of
 * one list gets the nouns, whatever its name. A required property that is unknown gets its only value, its default, or
 * null, if its schema has one of these.
 *
 * @throws {Problem} `option-invalid`, naming the property that has to be there and cannot be known.
 */
export function fillOf(schema: unknown): Fill {
  const filling = fillingOf(schema);
  if (filling.fill !== undefined) return filling.fill;
  throw filling.missing === "" ? tooSpecial() : unknownProperty(filling.missing);
}

/**
 * How to fill in a JSON schema; `undefined` if that is not possible, or if it asks for neither a caption nor labels.
 */
export function captionFillOf(schema: unknown): Fill | undefined {
  const filling = fillingOf(schema);
  return filling.fill !== undefined && filling.asks ? filling.fill : undefined;
}

function fillingOf(schema: unknown): Filling {
  return objectFilling(schema, { root: schema, left: mostObjects, room: mostCharacters }, true);
}

/** Fills in the first of a schema's objects that can be. */
function objectFilling(schema: unknown, reading: Reading, whole = false): Filling {
  let first: Filling | undefined;
  for (const branch of branchesOf(schema, reading.root).filter(isObjectSchema)) {
    const filling = propertiesFilling(branch, reading, whole);
    if (filling.fill !== undefined) return filling;
    first ??= filling;
  }
  return first ?? { missing: "" };
}

function propertiesFilling(schema: unknown, reading: Reading, whole: boolean): Filling {
  // Before anything is looked at: a reference from each of thousands of properties may lead here.
  const parts = reading.left-- > 0 ? objectParts(schema) : undefined;
  if (parts === undefined) return { missing: "" };
  const { required, properties } = parts;
  const names = Object.keys(properties);
  const fills: [string, Fill][] = [];
  let asks = false;
  for (const [name, property] of Object.entries(properties)) {
    const filling = propertyFilling(name, property, reading, whole && names.length === 1);
    if (filling.fill !== undefined && (filling.asks || required.has(name))) {
      if (!hasRoom(reading, name)) return { missing: "" };
      fills.push([name, filling.fill]);
      asks ||= filling.asks;
      continue;
    }
    if (!required.has(name)) continue;
    const value = givenValue(branchesOf(property, reading.root));
    if (value === undefined) return { missing: joined(name, filling.fill === undefined ? filling.missing : "") };
    if (!hasRoom(reading, name, value)) return { missing: "" };
    fills.push([name, () => value]);
  }
  const absent = [...required].find((name) => !Object.hasOwn(properties, name));
  if (absent !== undefined) return { missing: absent };
  // An empty object would fit, and be of no use to anyone.
  if (fills.length === 0 && names.length > 0) return { missing: names[0]! };
  return { fill: (caption) => Object.fromEntries(fills.map(([name, fill]) => [name, fill(caption)])), asks };
}

/** Whether the answer has room for one more property, which then takes it. @param times How often it is repeated. */
function hasRoom(reading: Reading, name: string, value?: unknown, times = 1): boolean {
  reading.room -= times * (usualCharacters + name.length + (typeof value === "string" ? value.length : 0));
  return reading.room >= 0;
}

/** @param alone Whether it is the only property of the whole schema, so that its name need not be known. */
function propertyFilling(key: string, property: unknown, reading: Reading, alone: boolean): Filling {
  const name = key.replaceAll(/[\s_-]+/g, "");
  const branches = branchesOf(property, reading.root);
  const isText = branches.some((branch) => isPlain(branch, "string", 0));
  if (isText && sentenceNames.test(name)) return { fill: ({ caption }) => caption, asks: true };
  const inside = branches.flatMap((branch) => {
    if (!isObject(branch)) return [];
    if (hasType(branch, "array")) return [arrayFilling(branch, reading, listNames.test(name), alone)];
    return isObjectSchema(branch) ? [objectFilling(branch, reading)] : [];
  });
  const found = inside.find(({ fill }) => fill !== undefined);
  if (found === undefined && isText && listNames.test(name))
    return { fill: ({ concepts }) => concepts.map((concept) => concept.name).join(", "), asks: true };
  return found ?? inside[0] ?? { missing: "" };
}

function arrayFilling(array: Schema, reading: Reading, named: boolean, alone: boolean): Filling {
  const { items, maxItems, minItems, type: _, ...more } = array;
  const most = typeof maxItems === "number" ? maxItems : Number.POSITIVE_INFINITY;
  const least = minItems ?? 0;
  if (Object.keys(more).some((key) => !harmless.has(key))) return { missing: "" };
  const nouns = () =>
    least === 0 && (named || alone) ? nounsFilling(items, most, reading) : ({ missing: "" } as const);
  const entry = (): Filling => {
    if (!(least === 0 || least === 1) || most < 1) return { missing: "" };
    const filling = objectFilling(items, reading);
    if (filling.fill === undefined) return filling.missing === "" ? filling : { missing: `[].${filling.missing}` };
    return filling.asks ? { ...filling, fill: (caption) => [filling.fill(caption)] } : { missing: "" };
  };
  const first = named ? nouns() : entry();
  if (first.fill !== undefined) return first;
  const second = named ? entry() : nouns();
  return second.fill === undefined ? first : second;
}

/** Nouns as the entries of a list. */
function nounsFilling(items: unknown, most: number, reading: Reading): Filling {
  const { root } = reading;
  const kinds = items === undefined ? [] : branchesOf(items, root);
  if (items === undefined || kinds.some((kind) => isPlain(kind, "string", 1)))
    return hasRoom(reading, "", undefined, mostConcepts)
      ? { fill: ({ concepts }) => concepts.slice(0, most).map((concept) => concept.name), asks: true }
      : { missing: "" };
  const parts = reading.left-- > 0 ? objectParts(kinds.find(isObjectSchema)) : undefined;
  if (parts === undefined) return { missing: "" };
  const { required, properties } = parts;
  const known = Object.entries(properties).flatMap(([key, value]): [string, (concept: Concept) => unknown][] => {
    const forms = branchesOf(value, root);
    const isNoun = nounNames.test(key) && forms.some((form) => isPlain(form, "string", 1));
    const isProbability = !isNoun && probabilityNames.test(key) && forms.some(isShare);
    const given = !isNoun && !isProbability && required.has(key) ? givenValue(forms) : undefined;
    if (!(isNoun || isProbability) && given === undefined) return [];
    if (!hasRoom(reading, key, given, mostConcepts)) return [];
    if (isNoun) return [[key, ({ name }) => name]];
    return [[key, isProbability ? ({ probability }) => probability : () => given]];
  });
  const knownKeys = new Set(known.map(([key]) => key));
  const unknown = [...required].find((key) => !knownKeys.has(key));
  if (unknown !== undefined) return { missing: `[].${unknown}` };
  if (known.length === 0) return { missing: "" };
  const fill: Fill = ({ concepts }) =>
    concepts.slice(0, most).map((concept) => Object.fromEntries(known.map(([key, part]) => [key, part(concept)])));
  return { fill, asks: true };
}

/** The path of a property inside another. */
function joined(name: string, inside: string): string {
  return inside === "" || inside.startsWith("[") ? name + inside : `${name}.${inside}`;
}

/** What a schema itself says of a value: the only one, the default, or null. */
function givenValue(forms: readonly unknown[]): unknown {
  for (const form of forms) {
    if (!isObject(form)) continue;
    const { const: only, enum: choices, ...more } = form;
    if (Object.keys(more).some((key) => !harmless.has(key))) continue;
    const values = Object.hasOwn(form, "const") ? [only] : (choices ?? []);
    if (Array.isArray(values) && values.length === 1 && isText(values[0], more)) return values[0];
    if (only !== undefined || choices !== undefined) continue;
    if (hasType(form, "null")) return null;
    const { default: usual } = form;
    if (isText(usual, more) || (typeof usual === "boolean" && hasType(form, "boolean"))) return usual;
    if (typeof usual === "number" && hasType(form, "number")) return usual;
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
        : (anyOf ?? (Array.isArray(oneOf) && oneOf.length <= mostReferences && areDisjoint(oneOf) ? oneOf : undefined));
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

/** The properties of an object; `undefined` if its schema has keywords that are not understood. */
function objectParts(schema: unknown): { required: ReadonlySet<string>; properties: Schema } | undefined {
  const understood =
    isObject(schema) &&
    hasType(schema, "object") &&
    isObject(schema["properties"] ?? {}) &&
    Object.keys(schema).every((key) => harmless.has(key) || ofObjects.has(key));
  if (!understood) return undefined;
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

function tooSpecial(): Problem {
  return new Problem(
    "option-invalid",
    "The JSON schema must describe an object with plain properties: send a simpler one.",
  );
}

function unknownProperty(name: string): Problem {
  const shown = JSON.stringify(name.slice(0, 60));
  return new Problem(
    "option-invalid",
    `The JSON schema asks for ${shown}, which this model cannot fill in: ask for a caption, or for labels with name and confidence.`,
  );
}
