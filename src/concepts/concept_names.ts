import { EdgecapError } from "../errors.ts";

/** A noun that a bundle asks each photo for. */
export interface ConceptName {
  readonly name: string;
  /** Words of captions that mean it, the name among them; several words with spaces between. */
  readonly forms: readonly string[];
}

/** The file of a bundle's nouns: one a line, the name and what else means it, separated by commas. */
export function writeConceptNames(nouns: readonly ConceptName[]): string {
  return nouns.map(({ name, forms }) => `${[name, ...forms.filter((form) => form !== name)].join(",")}\n`).join("");
}

/**
 * Reads what {@linkcode writeConceptNames} wrote.
 *
 * @param where The file, for messages.
 * @param count Nouns that there should be.
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
      `"${where}" holds ${nouns.length} nouns, and the manifest says ${count}, none of them empty. Export the bundle again.`,
    );
  }
  return nouns;
}
