import { EdgecapError } from "../errors.ts";

/** A noun that a bundle can recognise in a picture. */
export interface ConceptName {
  readonly name: string;
  /** The words in captions that mean it, including the name; a form of several words has spaces. */
  readonly forms: readonly string[];
}

/** The file of a bundle's nouns: one per line, with the name and its other forms separated by commas. */
export function writeConceptNames(nouns: readonly ConceptName[]): string {
  return nouns.map(({ name, forms }) => `${[name, ...forms.filter((form) => form !== name)].join(",")}\n`).join("");
}

/**
 * Reads what {@linkcode writeConceptNames} wrote.
 *
 * @param where The file, for messages.
 * @param count Expected number of nouns.
 * @throws {EdgecapError} `bundle-shape-mismatch` if it holds another number of nouns, or an empty one.
 */
export function readConceptNames(text: string, where: string, count: number): ConceptName[] {
  const lines = text.trimEnd().split("\n");
  const nouns = lines.map((line) => {
    const forms = line.split(",");
    return { name: forms[0]!, forms };
  });
  if (nouns.length !== count || nouns.some(({ forms }) => forms.includes(""))) {
    throw new EdgecapError(
      "bundle-shape-mismatch",
      `"${where}" has ${nouns.length} nouns, but the manifest says ${count}, and none may be empty. Export the bundle again.`,
    );
  }
  return nouns;
}
