/** A noun of the table of everyday nouns. */
export interface Noun {
  /** The everyday name, in the singular: `cell phone`. */
  readonly name: string;
  /**
   * The words in captions that mean it, as lower-case tokens separated by spaces, including the name and its plural.
   */
  readonly forms: readonly string[];
  /**
   * Classes of ImageNet that show it, 0 to 999 in Keras' order; empty for a noun that is learned from captions alone.
   */
  readonly classes: readonly number[];
}

/** Number of ImageNet's classes. */
export const imagenetClasses = 1000;

/**
 * Reads a table of nouns, one per line as `name | forms | classes`. Forms and classes are separated by commas; classes
 * may also be ranges such as `7-24`. Lines that begin with `#` are comments.
 *
 * @throws {RangeError} naming the line that is something else, or a name that stands twice.
 */
export function parseNouns(text: string): Noun[] {
  const nouns: Noun[] = [];
  const names = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const fields = line.split("|").map((field) => field.trim());
    const [name = "", forms = "", classes = ""] = fields;
    if (fields.length !== 3 || !/^[a-z]+( [a-z]+)*$/.test(name) || names.has(name)) {
      throw new RangeError(
        `Line ${index + 1} of the table of nouns must be "name | forms | classes" with a new name: ${line}`,
      );
    }
    names.add(name);
    const listed = items(forms);
    nouns.push({
      name,
      forms: [...new Set([name, plural(name), ...listed])],
      classes: items(classes).flatMap((range) => classRange(range, index + 1)),
    });
  }
  return nouns;
}

function items(list: string): string[] {
  return list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function classRange(range: string, line: number): number[] {
  const [first = Number.NaN, last = first] = range.split("-").map(Number);
  if (!(Number.isInteger(first) && Number.isInteger(last) && first <= last && last < imagenetClasses)) {
    throw new RangeError(`Line ${line} of the table of nouns has "${range}" instead of a class from 0 to 999.`);
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The regular plural of a noun's last word. */
export function plural(name: string): string {
  if (/(s|x|z|ch|sh)$/.test(name)) return `${name}es`;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return `${name}s`;
}

/** Finds the nouns in captions; a form of several words only counts if all of it occurs. */
export class NounFinder {
  readonly #forms = new Map<string, number[]>();
  readonly #longest: number;

  /** @param nouns {@linkcode NounFinder.find} returns their indices. */
  constructor(nouns: readonly Pick<Noun, "forms">[]) {
    let longest = 1;
    for (const [place, { forms }] of nouns.entries()) {
      for (const form of forms) {
        this.#forms.set(form, [...(this.#forms.get(form) ?? []), place]);
        longest = Math.max(longest, form.split(" ").length);
      }
    }
    this.#longest = longest;
  }

  /**
   * Indices of the nouns that a caption names. The longest form wins: "hot dog" does not name a dog.
   *
   * @param words The caption's tokens, in lower case.
   */
  find(words: readonly string[]): Set<number> {
    return new Set(this.mentions(words).flatMap((places) => [...places]));
  }

  /**
   * The same for each mention, in order: a word may name several nouns, as "man" names a man and a person.
   *
   * @param words The caption's tokens, in lower case.
   */
  mentions(words: readonly string[]): (readonly number[])[] {
    const found: (readonly number[])[] = [];
    for (let start = 0; start < words.length; ) {
      let length = Math.min(this.#longest, words.length - start);
      let places: readonly number[] | undefined;
      for (; length > 0; length--) {
        places = this.#forms.get(words.slice(start, start + length).join(" "));
        if (places !== undefined) break;
      }
      if (places !== undefined) found.push(places);
      start += Math.max(1, length);
    }
    return found;
  }
}
