/**
 * Small schemas for data that came as JSON. They are part of every page that captions, so there are only a few kinds.
 */

/** A fault of a value, and where it is. */
export interface Fault {
  /** Path of the value, such as `/files/encoder/bytes`; empty for the whole. */
  readonly path: string;
  /** The expected form, as a sentence that begins in lower case and has no full stop. */
  readonly message: string;
  readonly value: unknown;
}

/** The check of a value, and its type. */
export interface Schema<T> {
  /** The first fault of a value; `undefined` if it is a `T`. */
  readonly fault: (value: unknown, path: string) => Fault | undefined;
  /** Only for the compiler, which reads the type here. */
  readonly type?: T;
  readonly isOptional?: true;
}

/** A property that may be missing. */
type OptionalSchema<T> = Schema<T> & { readonly isOptional: true };

/** The type of the values that a schema accepts. */
export type Checked<S extends Schema<unknown>> = S extends Schema<infer T> ? T : never;

type Properties = Readonly<Record<string, Schema<unknown>>>;
type OptionalNames<P extends Properties> = {
  [Name in keyof P]: P[Name] extends OptionalSchema<unknown> ? Name : never;
}[keyof P];

/** An object whose listed properties are checked; others are allowed, and ignored. */
type Shape<P extends Properties> = { [Name in Exclude<keyof P, OptionalNames<P>>]: Checked<P[Name]> } & {
  [Name in OptionalNames<P>]?: Checked<P[Name]>;
};

/** Limits of a number. */
interface NumberLimits {
  readonly minimum?: number;
  readonly maximum?: number;
  /** The number must be above this. */
  readonly above?: number;
}

/** Limits of a list. */
interface ListLimits {
  readonly least?: number;
  readonly most?: number;
  /** Whether no two items may be equal; only for items that are not objects. */
  readonly unique?: boolean;
}

/** A schema that tests a value by itself. @param fault What is expected, if the value is not that. */
function simple<T>(fault: (value: unknown) => string | undefined): Schema<T> {
  return {
    fault: (value, path) => {
      const message = fault(value);
      return message === undefined ? undefined : { path, message, value };
    },
  };
}

function outside(what: string, value: number, { minimum, maximum, above }: NumberLimits): string | undefined {
  if (minimum !== undefined && value < minimum) return `expected ${what} to be greater or equal to ${minimum}`;
  if (maximum !== undefined && value > maximum) return `expected ${what} to be less or equal to ${maximum}`;
  if (above !== undefined && value <= above) return `expected ${what} to be greater than ${above}`;
  return undefined;
}

/** A finite number. */
export function number(limits: NumberLimits = {}): Schema<number> {
  return simple((value) => (Number.isFinite(value) ? outside("number", value as number, limits) : "expected number"));
}

/** A whole number. */
export function integer(limits: NumberLimits = {}): Schema<number> {
  return simple((value) =>
    Number.isInteger(value) ? outside("integer", value as number, limits) : "expected integer",
  );
}

/** `true` or `false`. */
export const boolean: Schema<boolean> = simple((value) =>
  typeof value === "boolean" ? undefined : "expected boolean",
);

/** A text. */
export function text({ pattern, filled = false }: { pattern?: RegExp; filled?: boolean } = {}): Schema<string> {
  return simple((value) => {
    if (typeof value !== "string") return "expected string";
    if (filled && value === "") return "expected string that is not empty";
    return pattern === undefined || pattern.test(value) ? undefined : `expected string to match '${pattern.source}'`;
  });
}

/** One of a few values. */
export function oneOf<const T extends string | number>(...allowed: readonly T[]): Schema<T> {
  const listed = allowed.map((value) => (typeof value === "string" ? `'${value}'` : value)).join(" or ");
  return simple((value) => (allowed.includes(value as T) ? undefined : `expected ${listed}`));
}

/** A list whose items are all of one form. */
export function list<S extends Schema<unknown>>(item: S, limits: ListLimits = {}): Schema<Checked<S>[]> {
  const { least = 0, most = Number.POSITIVE_INFINITY, unique = false } = limits;
  return {
    fault: (value, path) => {
      if (!Array.isArray(value)) return { path, message: "expected array", value };
      const length = outside("array length", value.length, { minimum: least, maximum: most });
      if (length !== undefined) return { path, message: length, value };
      if (unique && new Set(value).size < value.length)
        return { path, message: "expected array elements to be unique", value };
      return first(value.keys(), (at) => item.fault(value[at], `${path}/${at}`));
    },
  };
}

/** Two values. */
export function pair<A extends Schema<unknown>, B extends Schema<unknown>>(
  left: A,
  right: B,
): Schema<[Checked<A>, Checked<B>]> {
  return {
    fault: (value, path) => {
      if (!Array.isArray(value) || value.length !== 2) return { path, message: "expected array of 2 elements", value };
      return left.fault(value[0], `${path}/0`) ?? right.fault(value[1], `${path}/1`);
    },
  };
}

/** Marks a property that may be missing. */
export function optional<T>({ fault }: Schema<T>): OptionalSchema<T> {
  return { fault, isOptional: true };
}

/** An object with these properties, and perhaps others. */
export function object<P extends Properties>(properties: P): Schema<Shape<P>> {
  return {
    fault: (value, path) => {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return { path, message: "expected object", value };
      return first(Object.entries(properties), ([name, property]) => {
        const place = `${path}/${name}`;
        const found = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
        if (found !== undefined) return property.fault(found, place);
        if (property.isOptional) return undefined;
        return { path: place, message: "expected required property", value: undefined };
      });
    },
  };
}

function first<T>(parts: Iterable<T>, fault: (part: T) => Fault | undefined): Fault | undefined {
  for (const part of parts) {
    const found = fault(part);
    if (found !== undefined) return found;
  }
  return undefined;
}
