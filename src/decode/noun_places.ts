import type { ConceptName } from "../concepts/concept_names.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import { unknownId } from "../text/vocabulary_words.ts";
import type { RunStep } from "./search_captions.ts";

/** Words by grammatical number: a caption with "dogs" has no place for "lion". */
interface NounWords {
  readonly singular: readonly number[];
  readonly plural: readonly number[];
}

/**
 * How much the likeliest noun counts beside the word itself, 0 to 1. At 1, a lion would lie "in the lion", because "in
 * the" makes some noun certain; at 0, a decoder that has seen no lions would put one between any two words.
 */
const shareOfPlace = 0.5;
/**
 * Subtracted from a noun's logit if it would follow another noun. The noun stays possible, so that every search finds
 * something.
 */
const lossBesideNoun = 30;
/** Least factor of a noun's probability: a concept that is not recognised may still be there. */
const leastFactor = 0.1;

/** Words for the picture itself. No concept confirms them, and they lead to "a photo of a piece of coffee". */
const pictureWords = ["photo", "photos", "photograph", "photographs", "picture", "pictures", "image", "images"];

/** The facts about a bundle's nouns that {@linkcode NounPlaces} uses. */
export interface PlacedNouns {
  readonly nouns: readonly ConceptName[];
  /** For each noun, the forms that the vocabulary contains. */
  readonly forms: readonly (readonly Uint32Array[])[];
  /** For each noun, whether it names a person. */
  readonly people: readonly boolean[];
  readonly vocabulary: Pick<Vocabulary, "encode" | "decode">;
}

/**
 * Finds a place for a noun in the captions of a decoder that seldom or never said it. The decoder's probabilities are
 * corrected by the concepts of the picture:
 *
 * - The probability of each noun is multiplied by that of its concept, or by 0.1 if that is less. So is that of words
 *   for the picture itself, which no concept confirms.
 * - The noun's logit becomes the mean of its own and that of the likeliest noun of the same number, if that is higher.
 *   So "lion" appears in places where the decoder would say "dog".
 * - Beside another noun it is very unlikely: a "rock lion" would cost little, but is seldom a caption.
 *
 * The log-probabilities of such captions are those of the corrected decoder.
 */
export class NounPlaces {
  /** For each noun, the first words of its forms. */
  readonly #begin: readonly NounWords[];
  /** For each noun, all words of its forms. */
  readonly #words: readonly ReadonlySet<number>[];
  /** The words of all things and animals. */
  readonly #things: NounWords;
  /** For each word that alone names something, the nouns that it names. */
  readonly #named: ReadonlyMap<number, readonly number[]>;

  constructor({ nouns, forms, people, vocabulary }: PlacedNouns) {
    const isPlural = (noun: number, ids: Uint32Array) => {
      const form = vocabulary.decode(ids).join(" ");
      return form !== nouns[noun]!.name && form.endsWith("s");
    };
    const wordsOf = (noun: number, chosen: readonly Uint32Array[]): NounWords => ({
      singular: chosen.filter((ids) => !isPlural(noun, ids)).map((ids) => ids[0]!),
      plural: chosen.filter((ids) => isPlural(noun, ids)).map((ids) => ids[0]!),
    });
    this.#begin = forms.map((chosen, noun) => wordsOf(noun, chosen));
    this.#words = forms.map((chosen) => new Set(chosen.flatMap((ids) => [...ids])));
    const alone = forms.map((chosen) => chosen.filter(({ length }) => length === 1));
    const things = alone.flatMap((chosen, noun) => (people[noun] ? [] : [wordsOf(noun, chosen)]));
    this.#things = {
      singular: [...new Set(things.flatMap(({ singular }) => singular))],
      plural: [...new Set(things.flatMap(({ plural }) => plural))],
    };
    const named = new Map<number, number[]>();
    for (const [noun, chosen] of alone.entries()) {
      for (const ids of chosen) named.set(ids[0]!, [...(named.get(ids[0]!) ?? []), noun]);
    }
    for (const word of vocabulary.encode(pictureWords)) {
      if (word !== unknownId && !named.has(word)) named.set(word, []);
    }
    this.#named = named;
  }

  /**
   * The corrected decoder.
   *
   * @param noun The noun to find a place for.
   * @param probabilities One for each noun.
   */
  correct(step: RunStep, noun: number, probabilities: Float32Array): RunStep {
    const begin = this.#begin[noun]!;
    const own = this.#words[noun]!;
    const others = new Set([...this.#things.singular, ...this.#things.plural].filter((word) => !own.has(word)));
    const factors = [...this.#named].map(([word, names]) => {
      // It is NaN where a graph's sums overflow, which must not make every word impossible.
      const likeliest = names.reduce((most, name) => Math.max(most, probabilities[name]! || 0), leastFactor);
      return [word, Math.log(likeliest)] as const;
    });
    return async (tokens, parents) => {
      const { logits, ...rest } = await step(tokens, parents);
      const corrected = logits.slice();
      const vocabulary = logits.length / tokens.length;
      for (const [beam, before] of tokens.entries()) {
        const row = corrected.subarray(beam * vocabulary, (beam + 1) * vocabulary);
        for (const [word, factor] of factors) row[word]! += factor;
        const besideNoun = others.has(before) ? own : own.has(before) ? others : undefined;
        if (besideNoun === undefined) this.#take(row, begin);
        for (const word of besideNoun ?? []) row[word]! -= lossBesideNoun;
      }
      return { logits: corrected, ...rest };
    };
  }

  #take(row: Float32Array, begin: NounWords): void {
    for (const number of ["singular", "plural"] as const) {
      const likeliest = this.#things[number].reduce(
        (most, word) => Math.max(most, row[word]!),
        Number.NEGATIVE_INFINITY,
      );
      for (const word of begin[number]) {
        // Not the difference: it would be NaN for a word at minus infinity.
        if (likeliest > row[word]!) row[word] = shareOfPlace * likeliest + (1 - shareOfPlace) * row[word]!;
      }
    }
  }
}
