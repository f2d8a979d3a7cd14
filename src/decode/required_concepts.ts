import type { ConceptName } from "../concepts/concept_names.ts";
import { NounFinder } from "../concepts/noun_table.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import { firstWord } from "../text/vocabulary_words.ts";
import { persons } from "../text/wording/word_lists.ts";
import { NounPlaces } from "./noun_places.ts";
import type { RunStep } from "./search_captions.ts";

/** When the search must name a concept; see `generation.concepts` of a bundle's manifest. */
export interface ConceptRule {
  /** Probability above which a concept counts as sure, above 0 to 1. */
  readonly least: number;
  /** Most concepts that the search tries to name; 1 to 3. */
  readonly most: number;
  /** Added to the score of a caption for each of them that it names, 0 to 1000. */
  readonly reward: number;
  /**
   * Added for the surest concept in a third search, 0 to 1000. That search runs if the first caption names no sure
   * concept, and the second none either, or one beside something that the picture most likely lacks. Such captions are
   * probably wrong, so the concept may cost more probability. People are left out: the decoder seldom forgets them.
   * Without this number there is no third search.
   */
  readonly rewardOfOnly?: number | undefined;
  /**
   * Probability above which a concept counts as likely, above 0 to 1. A caption that names something likely, and
   * nothing that the picture most likely lacks, needs no third search. One that does the contrary needs one even if
   * nothing is sure. Default: `least`.
   */
  readonly leastOfOnly?: number | undefined;
}

/** Concepts that a caption should name. */
export interface MissingConcepts {
  /** For each concept its forms, as `SearchOptions.required` has them. */
  readonly required: readonly (readonly Uint32Array[])[];
  /** Added to the score of a caption for each of them that it names. */
  readonly reward: number;
}

/** The surest thing, which a caption should name because it names nothing sure. */
export interface OnlyMissing extends MissingConcepts {
  /** The noun. */
  readonly only: number;
}

/** A noun below this is most likely not there. */
const unlikely = 0.03;
/** Most words in a form that the search can look for. */
const mostWords = 3;

/**
 * Chooses the concepts that a caption should name: the sure ones that it does not name. Nouns with a word in
 * common are related, as `person` and `woman` both occur as "women". If one of them is named, the others are not
 * required, because a woman is a person, and "a man" and "a woman" are easily confused.
 */
export class RequiredConcepts {
  readonly #rule: ConceptRule;
  readonly #vocabulary: Pick<Vocabulary, "encode" | "decode">;
  readonly #finder: NounFinder;
  /** For each noun, the nouns that share a form with it, including itself. */
  readonly #kin: readonly (readonly number[])[];
  /** For each noun, whether it names a person. */
  readonly #people: readonly boolean[];
  readonly #nouns: readonly ConceptName[];
  /** What {@linkcode RequiredConcepts.#formsOf} found, by noun. */
  readonly #forms = new Map<number, readonly Uint32Array[]>();
  /** Made when a caption first names nothing sure, which most pictures never need. */
  #places: NounPlaces | undefined;

  /**
   * @param nouns The bundle's nouns, in the order of its probabilities.
   * @param vocabulary Must not be freed before the last use of this object.
   */
  constructor(nouns: readonly ConceptName[], vocabulary: Pick<Vocabulary, "encode" | "decode">, rule: ConceptRule) {
    this.#rule = rule;
    this.#vocabulary = vocabulary;
    this.#finder = new NounFinder(nouns);
    this.#nouns = nouns;
    const byForm = new Map<string, number[]>();
    for (const [noun, { forms }] of nouns.entries()) {
      for (const form of forms) {
        const known = byForm.get(form);
        if (known === undefined) byForm.set(form, [noun]);
        else known.push(noun);
      }
    }
    this.#kin = nouns.map(({ forms }) => [...new Set(forms.flatMap((form) => byForm.get(form)!))]);
    this.#people = this.#kin.map((kin) => kin.some((noun) => persons.has(nouns[noun]!.name)));
  }

  /** Whether a caption could lack any concept. @param probabilities One for each noun. */
  anyLikely(probabilities: Float32Array): boolean {
    return probabilities.some((probability) => probability >= this.#leastOfOnly);
  }

  /**
   * The sure concepts that a caption does not name, surest first; of related ones only the surest.
   *
   * @param probabilities One for each noun.
   * @param caption Ids of its words.
   */
  missing(probabilities: Float32Array, caption: Uint32Array): MissingConcepts {
    const { most, reward } = this.#rule;
    const settled = this.#named(caption);
    const required: (readonly Uint32Array[])[] = [];
    for (const noun of this.#sure(probabilities)) {
      if (required.length >= most) break;
      if (this.#kin[noun]!.some((other) => settled.has(other))) continue;
      settled.add(noun);
      required.push(this.#formsOf(noun));
    }
    return { required, reward };
  }

  /**
   * The surest thing, at the reward of {@linkcode ConceptRule.rewardOfOnly}, if a caption names no sure concept, and
   * nothing likely without something unlikely beside it. If nothing is sure, it is the likeliest thing, but only if the
   * caption names nothing likely, and something unlikely instead.
   *
   * @param probabilities One for each noun.
   * @param caption Ids of its words.
   */
  onlyMissing(probabilities: Float32Array, caption: Uint32Array): OnlyMissing | undefined {
    const { rewardOfOnly, least } = this.#rule;
    const likely = this.#above(this.#leastOfOnly, probabilities);
    const surest = likely.find((noun) => !this.#people[noun]);
    if (rewardOfOnly === undefined || surest === undefined) return undefined;
    const named = this.#named(caption);
    const namesLikely = this.#namesAny(likely, named);
    const doubtful = namesUnlikely(probabilities, named);
    const mayStay =
      probabilities[surest]! >= least
        ? this.#namesAny(this.#sure(probabilities), named) || (namesLikely && !doubtful)
        : namesLikely || !doubtful;
    if (mayStay) return undefined;
    return { required: [this.#formsOf(surest)], reward: rewardOfOnly, only: surest };
  }

  /**
   * Whether a caption names a likely concept, and nothing that the picture most likely lacks.
   *
   * @param probabilities One for each noun.
   * @param caption Ids of its words.
   */
  isPlausible(probabilities: Float32Array, caption: Uint32Array): boolean {
    const named = this.#named(caption);
    const likely = this.#above(this.#leastOfOnly, probabilities);
    return this.#namesAny(likely, named) && !namesUnlikely(probabilities, named);
  }

  #namesAny(sure: readonly number[], named: ReadonlySet<number>): boolean {
    return sure.some((noun) => this.#kindsOf(noun).some((other) => named.has(other)));
  }

  get #leastOfOnly(): number {
    return this.#rule.leastOfOnly ?? this.#rule.least;
  }

  #sure(probabilities: Float32Array): number[] {
    return this.#above(this.#rule.least, probabilities);
  }

  /** Nouns that are at least so likely and that the vocabulary has words for, likeliest first. */
  #above(least: number, probabilities: Float32Array): number[] {
    return Array.from(this.#nouns.keys())
      .filter((noun) => probabilities[noun]! >= least && this.#formsOf(noun).length > 0)
      .sort((a, b) => probabilities[b]! - probabilities[a]!);
  }

  #named(caption: Uint32Array): Set<number> {
    return this.#finder.find(this.#vocabulary.decode(caption));
  }

  /**
   * A decoder that names the surest thing more easily.
   *
   * @param probabilities One for each noun.
   */
  helping(step: RunStep, { only }: OnlyMissing, probabilities: Float32Array): RunStep {
    this.#places ??= new NounPlaces({
      ...{ nouns: this.#nouns, forms: this.#nouns.map((_, noun) => this.#formsOf(noun)) },
      ...{ people: this.#people, vocabulary: this.#vocabulary },
    });
    return this.#places.correct(step, only, probabilities);
  }

  /** The forms of a noun that the vocabulary contains. Few pictures show more than some nouns. */
  #formsOf(noun: number): readonly Uint32Array[] {
    const known = this.#forms.get(noun);
    if (known !== undefined) return known;
    const forms = this.#nouns[noun]!.forms.map((form) => form.split(" "))
      .filter((words) => words.length <= mostWords)
      .map((words) => this.#vocabulary.encode(words))
      .filter((ids) => ids.every((id) => id >= firstWord));
    this.#forms.set(noun, forms);
    return forms;
  }

  /** The nouns that say at least as much about a picture: its kin, and kinds of it such as `school bus` for `bus`. */
  #kindsOf(noun: number): readonly number[] {
    const ending = ` ${this.#nouns[noun]!.name}`;
    return [...this.#kin[noun]!, ...this.#nouns.flatMap(({ name }, place) => (name.endsWith(ending) ? [place] : []))];
  }
}

function namesUnlikely(probabilities: Float32Array, named: ReadonlySet<number>): boolean {
  return [...named].some((noun) => probabilities[noun]! < unlikely);
}
