import { type Noun, NounFinder } from "../concepts/noun_table.ts";
import { tokenizePtb } from "./ptb_tokenizer.ts";

/** Nouns for people of one sex; other nouns for people leave it open. */
const sexes: readonly ReadonlySet<string>[] = [new Set(["man", "boy", "groom"]), new Set(["woman", "girl", "bride"])];

/** A right caption names at least one noun that this many people name. */
const agreeing = 2;

/**
 * Judges whether captions are right, by the everyday nouns that they and people name. A caption is right if
 * - each noun that it names is named by at least one person, and
 * - at least one of them is named by at least two people.
 *
 * A word that also names a broader noun counts as named if that is: "boy" if somebody writes "child" or
 * "people", since all of them mean a person. It does not count if all who name a sex name the other one.
 *
 * Verbs, colours, numbers and positions are ignored.
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
   * @param caption The caption to judge; one without a noun is not right.
   * @param people What people wrote about the same picture, one sentence each. With fewer than two, nothing is right.
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

  /** Whether a mention is of one sex and people only name the other. */
  #isOfTheOtherSex(places: readonly number[], written: readonly ReadonlySet<number>[]): boolean {
    const own = sexes.findIndex((sex) => places.some((place) => sex.has(this.#names[place]!)));
    if (own === -1) return false;
    const names = (sex: number) =>
      written.some((named) => [...named].some((place) => sexes[sex]!.has(this.#names[place]!)));
    return !names(own) && names(1 - own);
  }
}
