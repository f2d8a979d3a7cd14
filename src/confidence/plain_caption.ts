import type { ConceptName } from "../concepts/concept_names.ts";
import type { Concept } from "../concepts/likely_concepts.ts";

/** Least probability of a noun in a plain caption. */
const plainProbability = 0.7;
/** Most nouns in a plain caption. */
const most = 2;

/** Nouns without an article: uncountable ones, and those that are always plural. */
const bare: ReadonlySet<string> = new Set(
  (
    "traffic,graffiti,grass,snow,ice,dirt,sand,water,rain,smoke,fire,hay,paper,toilet paper,wine,beer," +
    "coffee,tea,milk,soap,hair,coral,food,bread,chocolate,candy,cheese,meat,soup,rice,pasta,sauce,fruit," +
    "broccoli,cauliflower,corn,cabbage,squash,pizza,ice cream,french fries,grapes,stairs,scissors,goggles," +
    "glasses,sunglasses,jeans,shorts,pants,baseball,basketball,football,soccer,volleyball,tennis,golf"
  ).split(","),
);
/** Nouns that exist only once. */
const unique: ReadonlySet<string> = new Set(["sky", "ocean"]);

/**
 * The caption for a picture without a sentence that is sure enough: "a photo of a dog and an umbrella".
 *
 * @param concepts What the picture shows, likeliest first.
 * @param nouns The bundle's nouns: of "person" and "man" only the latter is named, since a man is a person.
 * @returns A sentence of at most two nouns; empty if none is sure enough.
 */
export function plainCaption(concepts: readonly Concept[], nouns: readonly ConceptName[]): string {
  const sure = concepts.filter(({ probability }) => probability >= plainProbability);
  const forms = new Map(nouns.map((noun) => [noun.name, noun.forms]));
  const saysMore = (other: Concept, than: Concept) =>
    other !== than && (other.name.endsWith(` ${than.name}`) || (forms.get(than.name)?.includes(other.name) ?? false));
  const named = sure.filter((concept) => !sure.some((other) => saysMore(other, concept))).slice(0, most);
  if (named.length === 0) return "";
  return `a photo of ${named.map(({ name }) => withArticle(name)).join(" and ")}`;
}

/** A noun with its article: "a", "an", "the" or none. */
export function withArticle(noun: string): string {
  if (bare.has(noun)) return noun;
  if (unique.has(noun)) return `the ${noun}`;
  // "unicycle" and "urinal" begin with the sound of "you", which is not a vowel sound.
  const vowel = /^[aeiou]/.test(noun) && !/^(?:uni|uri|use|eu|one)/.test(noun);
  return `${vowel ? "an" : "a"} ${noun}`;
}
