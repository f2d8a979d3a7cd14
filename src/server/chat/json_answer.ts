import type { Caption } from "../../caption/caption.ts";
import { accepts, optionTable } from "../../caption/option_table.ts";
import { mostConcepts } from "../../concepts/likely_concepts.ts";
import { confidenceOf } from "../confidence_of.ts";
import { Problem } from "../problem.ts";
import { branchesOf, hasOnly, hasType, isObject, isObjectSchema, objectParts, type Schema } from "./json_schema.ts";

/**
 * Formats a caption as JSON.
 *
 * @throws {Problem} `option-invalid` if the picture shows too little for the schema.
 */
export interface Fill {
  (caption: Caption): unknown;
  /** Most characters of the sentence, if the schema limits them. */
  readonly maxCharacters?: number;
}

type Concept = Caption["concepts"][number];

/** Names of properties without spaces, underscores and hyphens. */
const sentenceNames =
  /^(?:(?:image|photo|picture|short|long|brief|detailed)?(?:caption|description|title|alt|alttext|alternativetext|summary)|text|headline|response|answer|content|sentence)$/i;
const listNames = /^(?:image|photo|picture)?(?:tags|keywords|labels|concepts|objects)$/i;
const nounNames = /^(?:name|label|tag|keyword)$/i;
const probabilityNames = /^(?:confidence|probability|score)$/i;

/** The answer if JSON is requested without a schema. */
export const plainFill: Fill = ({ caption, concepts }) => ({
  caption,
  labels: concepts.map(({ name, probability }) => ({ name, confidence: probability })),
});

/** How a schema, or a part of one, is filled in; otherwise which property prevents it. */
type Filling =
  | {
      readonly fill: Fill;
      /** Whether a caption or labels change it. */
      readonly asks: boolean;
      /** Whether it is also filled in where it is not required, if something else asks. */
      readonly along?: boolean;
    }
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

/** The schema of an object with these properties, each with the type that its name suggests. */
export function schemaOfKeys(names: readonly string[]): Schema {
  const typed = names.map((name) => [name, { type: listNames.test(plainName(name)) ? "array" : "string" }]);
  return { type: "object", properties: Object.fromEntries(typed) };
}

/** Whether a caption or labels fill in a property of this name. */
export function isKnownKey(name: string): boolean {
  return sentenceNames.test(plainName(name)) || listNames.test(plainName(name));
}

function plainName(key: string): string {
  return key.replaceAll(/[\s_-]+/g, "");
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
    if (filling.fill !== undefined && (filling.asks || filling.along || required.has(name))) {
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
  const all = fills.map(([, fill]) => fill);
  return {
    fill: within(all, (caption) => Object.fromEntries(fills.map(([name, fill]) => [name, fill(caption)]))),
    asks,
  };
}

/** A format whose sentence fits all of its parts. */
function within(parts: readonly Fill[], fill: Fill): Fill {
  const limits = parts.flatMap(({ maxCharacters }) => maxCharacters ?? []);
  return limits.length === 0 ? fill : Object.assign(fill, { maxCharacters: Math.min(...limits) });
}

/** Whether the answer has room for one more property, which then takes it. @param times How often it is repeated. */
function hasRoom(reading: Reading, name: string, value?: unknown, times = 1): boolean {
  reading.room -= times * (usualCharacters + name.length + (typeof value === "string" ? value.length : 0));
  return reading.room >= 0;
}

/** @param alone Whether it is the only property of the whole schema, so that its name need not be known. */
function propertyFilling(key: string, property: unknown, reading: Reading, alone: boolean): Filling {
  const name = plainName(key);
  const branches = branchesOf(property, reading.root);
  const text = sentenceNames.test(name) ? textFilling(key, branches, ({ caption }) => caption) : undefined;
  if (text !== undefined) return text;
  if (probabilityNames.test(name) && branches.some(isShare)) return { fill: confidenceOf, asks: false, along: true };
  const inside = branches.flatMap((branch) => {
    if (!isObject(branch)) return [];
    if (hasType(branch, "array")) return [arrayFilling(key, branch, reading, listNames.test(name), alone)];
    return isObjectSchema(branch) ? [objectFilling(branch, reading)] : [];
  });
  const found = inside.find(({ fill }) => fill !== undefined);
  const list =
    found === undefined && listNames.test(name)
      ? textFilling(key, branches, ({ concepts }) => concepts.map((concept) => concept.name).join(", "))
      : undefined;
  return found ?? list ?? (alone ? choiceFilling(key, branches) : undefined) ?? inside[0] ?? { missing: "" };
}

/** A text with limits for its characters. */
function textFilling(key: string, branches: readonly unknown[], fill: Fill): Filling | undefined {
  for (const branch of branches) {
    if (!isObject(branch) || !hasType(branch, "string") || !hasOnly(branch, "minLength", "maxLength")) continue;
    const { minLength: least = 0, maxLength: most = Number.POSITIVE_INFINITY } = branch;
    if (typeof least !== "number" || typeof most !== "number" || most < 1) continue;
    const limited: Fill = (caption) => {
      const text = fill(caption) as string;
      if (text.length < least || text.length > most) throw unfit(key, `a text of ${text.length} characters`);
      return text;
    };
    const limit = accepts(optionTable.maxCharacters, most) ? { maxCharacters: most } : {};
    return { fill: Object.assign(limited, limit), asks: true };
  }
  return undefined;
}

/** Most values of a choice. */
const mostChoices = 1000;

/** A choice among texts: the likeliest noun that is one of them. */
function choiceFilling(key: string, branches: readonly unknown[]): Filling | undefined {
  for (const branch of branches) {
    const choices = isObject(branch) && hasOnly(branch, "enum") ? branch["enum"] : undefined;
    if (!Array.isArray(choices) || choices.length < 2 || choices.length > mostChoices) continue;
    if (!choices.every((choice) => typeof choice === "string") || !hasType(branch as Schema, "string")) continue;
    const byName = new Map(choices.map((choice) => [choice.toLowerCase(), choice]));
    const fill: Fill = ({ concepts }) => {
      const chosen = concepts.find(({ name }) => byName.has(name.toLowerCase()));
      if (chosen === undefined) throw unfit(key, "none of the choices");
      return byName.get(chosen.name.toLowerCase());
    };
    return { fill, asks: true };
  }
  return undefined;
}

function arrayFilling(key: string, array: Schema, reading: Reading, named: boolean, alone: boolean): Filling {
  const { items, maxItems: most = Number.POSITIVE_INFINITY, minItems: least = 0 } = array;
  // Nouns are unique, and so is a single entry.
  if (!hasOnly(array, "items", "maxItems", "minItems", "uniqueItems")) return { missing: "" };
  if (typeof most !== "number" || typeof least !== "number" || least > most) return { missing: "" };
  const nouns = (): Filling => {
    const filling = named || alone ? nounsFilling(items, most, reading) : ({ missing: "" } as const);
    if (filling.fill === undefined || least <= 0) return filling;
    const fill: Fill = (caption) => {
      const list = filling.fill(caption) as readonly unknown[];
      if (list.length < least) throw unfit(key, `${list.length} of at least ${least}`);
      return list;
    };
    return { ...filling, fill };
  };
  const entry = (): Filling => {
    if (least > 1 || most < 1) return { missing: "" };
    const filling = objectFilling(items, reading);
    if (filling.fill === undefined) return filling.missing === "" ? filling : { missing: `[].${filling.missing}` };
    const { fill, asks } = filling;
    return asks ? { asks, fill: within([fill], (caption) => [fill(caption)]) } : { missing: "" };
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
    if (!hasOnly(more, "minLength")) continue;
    const values = Object.hasOwn(form, "const") ? [only] : (choices ?? []);
    if (Array.isArray(values) && values.length === 1 && isText(values[0], more)) return values[0];
    if (only !== undefined || choices !== undefined) continue;
    if (hasType(form, "null") || form["nullable"] === true) return null;
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

/** Whether the schema allows every text of `shortest` characters, or every number from 0 to 1. */
function isPlain(schema: unknown, type: string, shortest: number): boolean {
  if (!isObject(schema) || !hasType(schema, type)) return false;
  const { minLength } = schema;
  return hasOnly(schema, "minLength") && (typeof minLength !== "number" || minLength <= shortest);
}

function isShare(schema: unknown): boolean {
  if (!isObject(schema)) return false;
  const { minimum = 0, maximum = 1, ...more } = schema;
  return typeof minimum === "number" && minimum <= 0 && typeof maximum === "number" && maximum >= 1
    ? isPlain(more, "number", 0)
    : false;
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

/** The problem of a picture that shows less than a schema requires. */
function unfit(name: string, found: string): Problem {
  const shown = JSON.stringify(name.slice(0, 60));
  return new Problem(
    "option-invalid",
    `The JSON schema limits ${shown}, and for this picture the model has ${found}: allow more, or make it optional.`,
  );
}
