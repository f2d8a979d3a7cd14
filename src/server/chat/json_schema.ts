/** A JSON schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** Keywords that restrict a value. Validators ignore every other keyword, such as `strict`, and so does this file. */
const restricting = new Set(
  [
    "enum const not if then else allOf anyOf oneOf $ref $dynamicRef $recursiveRef format pattern",
    "minLength maxLength multipleOf minimum maximum exclusiveMinimum exclusiveMaximum",
    "items additionalItems prefixItems contains minContains maxContains minItems maxItems uniqueItems unevaluatedItems",
    "properties patternProperties additionalProperties propertyNames required minProperties maxProperties",
    "dependencies dependentRequired dependentSchemas unevaluatedProperties contentEncoding contentMediaType",
  ].flatMap((line) => line.split(" ")),
);

/** Whether a schema has no restricting keywords besides its type and these. */
export function hasOnly(schema: Schema, ...allowed: readonly string[]): boolean {
  return Object.keys(schema).every((key) => !restricting.has(key) || allowed.includes(key));
}

/** Most references to follow from one schema, which could lead in a circle. */
const mostReferences = 16;

/**
 * The alternatives of a schema, with references to the document's own definitions followed: libraries that make schemas
 * from classes name each class once, and write an optional property as `anyOf` its type and null.
 */
export function branchesOf(schema: unknown, root: unknown, left = mostReferences): unknown[] {
  if (!isObject(schema) || left === 0) return [schema];
  const { $ref, allOf, anyOf, oneOf, ...beside } = schema;
  const kinds = [$ref, allOf, anyOf, oneOf].filter((one) => one !== undefined);
  if (kinds.length !== 1 || !hasOnly(beside) || "type" in beside) return [schema];
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

/** Whether a schema allows an object. */
export function isObjectSchema(schema: unknown): boolean {
  return isObject(schema) && hasType(schema, "object");
}

/** The properties of an object; `undefined` if its schema has keywords that are not understood. */
export function objectParts(schema: unknown): { required: ReadonlySet<string>; properties: Schema } | undefined {
  const understood =
    isObject(schema) &&
    hasType(schema, "object") &&
    isObject(schema["properties"] ?? {}) &&
    hasOnly(schema, "properties", "required", "additionalProperties");
  if (!understood) return undefined;
  const required = schema["required"];
  return {
    required: new Set(Array.isArray(required) ? required.map(String) : []),
    properties: (schema["properties"] ?? {}) as Schema,
  };
}

/** Whether a schema names a type, alone or among others. */
export function hasType(schema: Schema, type: string): boolean {
  const given = schema["type"];
  return Array.isArray(given) ? given.includes(type) : given === type;
}

/** Whether a value is an object that has properties. */
export function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
