import { type Noun, NounFinder } from "../concepts/noun_table.ts";
import { tokenizePtb } from "./ptb_tokenizer.ts";

/** Nouns for people of one sex: other nouns for people leave it open. */
const sexes: readonly ReadonlySet<string>[] = [new Set(["man", "boy", "groom"]), new Set(["woman", "girl", "bride"])];

/** The least number of people who name what a right caption names at least one of. */
const agreeing = 2;

/**
 * Says whether captions are right, by the everyday nouns that they and people name. A caption is right if
 * - each noun that it names is named by at least one person, and
 * - at least one of them is named by at least two people.
 *
 * A word that has a kind beside its own noun counts as named if the kind is: "boy" if somebody writes "child" or
 * "people", as all of them are words for a person. It does not if all who name a sex name the other one.
 *
 * Verbs, colours, numbers and places of things are not looked at.
 */
export class NounRightness {
  readonly #finder: NounFinder;
  readonly #names: readonly string[];

  /** @param nouns The table of everyday nouns. */
  constructor(nouns: readonly Pick<Noun, "name" | "forms">[]) {
    this.#finder = new NounFinder(nouns);
    this.#names = nouns.map(({ name }) => name);
  }

  /**
   * Whether a caption is right.
   *
   * @param caption What is judged; one that names no noun is not right.
   * @param people What people wrote of the same picture, a sentence each. Two at least, or nothing is right.
   */
  isRight(caption: string, people: readonly string[]): boolean {
    const mentions = this.#finder.mentions(tokenizePtb(caption));
    if (mentions.length === 0) return false;
    const written = people.map((sentence) => this.#finder.find(tokenizePtb(sentence)));
    const namers = mentions.map((places) => {
      if (this.#isOfTheOtherSex(places, written)) return 0;
      return written.filter((named) => places.some((place) => named.has(place))).length;
    });
    return Math.min(...namers) >= 1 && Math.max(...namers) >= agreeing;
  }

  /** Whether a mention is of one sex, and people name the other alone. */
  #isOfTheOtherSex(places: readonly number[], written: readonly ReadonlySet<number>[]): boolean {
    const own = sexes.findIndex((sex) => places.some((place) => sex.has(this.#names[place]!)));
    if (own === -1) return false;
    const names = (sex: number) =>
      written.some((named) => [...named].some((place) => sexes[sex]!.has(this.#names[place]!)));
    return !names(own) && names(1 - own);
  }
}
