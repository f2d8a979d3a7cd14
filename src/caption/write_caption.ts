import type { ConceptName } from "../concepts/concept_names.ts";
import type { Concept } from "../concepts/likely_concepts.ts";
import { plainCaption } from "../confidence/plain_caption.ts";
import { sentence } from "../text/sentence.ts";
import { asSentence, type WordedWord, worded } from "../text/wording/wording.ts";
import type { Alternative, Caption, CaptionTiming, CaptionWord } from "./caption.ts";

/** A caption as an engine found it, in the model's own words. */
export interface FoundCaption {
  readonly words: readonly CaptionWord[];
  readonly logProbability: number;
  /** Whether it ended by itself, and was not cut. */
  readonly finished: boolean;
}

/** Everything that an engine found out about a picture. */
export interface FoundCaptions {
  /** At least one, best first. */
  readonly captions: readonly FoundCaption[];
  readonly concepts: readonly Concept[];
  /** The bundle's nouns. */
  readonly nouns?: readonly ConceptName[] | undefined;
  /** The probability that the best one is right, if the engine can tell. */
  readonly confidence?: number | undefined;
  readonly timing: CaptionTiming;
}

/** The form that captions should have. */
export interface Writing {
  readonly neutral: boolean;
  readonly sentence: boolean;
  readonly maxCharacters: number;
  readonly minConfidence: number;
}

/**
 * Turns the result of an engine into the caption that users get. This function gives the captions of all engines their
 * form.
 */
export function writeCaption(found: FoundCaptions, writing: Writing): Caption {
  const { captions, confidence, timing } = found;
  const [best, ...others] = captions;
  const { logProbability } = best!;
  const concepts = writing.neutral ? neutralConcepts(found.concepts) : found.concepts;
  const sureness = confidence === undefined ? {} : { confidence };
  const reason = reasonAgainst(best!, found, writing);
  if (reason !== undefined) {
    const caption = plainText(found, writing);
    return { caption, logProbability, words: [], alternatives: [], concepts, ...sureness, reason, timing };
  }
  const words = wordedWords(best!.words, writing);
  const caption = textOf(words, writing);
  const alternatives: Alternative[] = [];
  const said = new Set([caption]);
  for (const other of others) {
    const text = textOf(wordedWords(other.words, writing), writing);
    // Different sentences can become the same.
    if (said.has(text) || !fits(other, writing)) continue;
    said.add(text);
    alternatives.push({ caption: text, logProbability: other.logProbability });
  }
  return { caption, logProbability, words, alternatives, concepts, ...sureness, timing };
}

/** Whether a caption fits the requested number of characters. A sentence that was cut never fits. */
export function fits({ words, finished }: Pick<FoundCaption, "words" | "finished">, writing: Writing): boolean {
  if (writing.maxCharacters === 0) return true;
  return finished && charactersOf(textOf(wordedWords(words, writing), writing)) <= writing.maxCharacters;
}

/**
 * The fewest characters that a word adds to a caption, including the blank before it. The search uses it to leave out
 * words that do not fit.
 */
export function charactersAdded(word: string, { neutral }: Pick<Writing, "neutral">): number {
  const [first, ...more] = worded([word], { neutral });
  if (first === undefined) return 0;
  return charactersOf(sentence(["a", first.text, ...more.map(({ text }) => text)])) - 1;
}

/** Characters that the search may use. A caption has one blank fewer than words. */
export function roomOf({ maxCharacters, sentence: isSentence }: Writing): number {
  return maxCharacters + (isSentence ? 0 : 1);
}

function reasonAgainst(best: FoundCaption, { confidence }: FoundCaptions, writing: Writing): Caption["reason"] {
  if (confidence !== undefined && confidence < writing.minConfidence) return "unsure";
  return fits(best, writing) ? undefined : "too-long";
}

/** "a photo of …" in the requested form; empty if it does not fit. */
function plainText({ concepts, nouns = [] }: FoundCaptions, writing: Writing): string {
  const plain = plainCaption(concepts, nouns).split(" ");
  const words = worded(plain[0] === "" ? [] : plain, writing).map(({ text }) => text);
  const text = formed(sentence(words), writing);
  return writing.maxCharacters > 0 && charactersOf(text) > writing.maxCharacters ? "" : text;
}

function textOf(words: readonly CaptionWord[], writing: Writing): string {
  return formed(sentence(words.map(({ text }) => text)), writing);
}

function formed(text: string, { sentence: isSentence }: Writing): string {
  return isSentence ? asSentence(text) : text;
}

function charactersOf(text: string): number {
  return [...text].length;
}

/** The words that users get. A word that replaces several has their joint probability, and the mean of their maps. */
export function wordedWords(words: readonly CaptionWord[], writing: Pick<Writing, "neutral">): CaptionWord[] {
  const given = new Set<number>();
  return worded(
    words.map(({ text }) => text),
    writing,
  ).map(({ text, from }: WordedWord) => {
    // If one word becomes two ("police officer"), the first has its probability, and the second has probability 1.
    const first = from.filter((place) => !given.has(place));
    for (const place of from) given.add(place);
    const logProbability = first.reduce((sum, place) => sum + words[place]!.logProbability, 0);
    const maps = from.flatMap((place) => words[place]!.attention ?? []);
    const regions = maps.length / from.length;
    if (maps.length === 0) return { text, logProbability };
    const attention = Array.from(
      { length: regions },
      (_, region) => from.reduce((sum, _place, i) => sum + maps[i * regions + region]!, 0) / from.length,
    );
    return { text, logProbability, attention };
  });
}

/** The concepts as neutral nouns. If two become the same noun, the likelier one counts. */
function neutralConcepts(concepts: readonly Concept[]): Concept[] {
  const named = new Map<string, Concept>();
  for (const concept of concepts) {
    const name = sentence(worded(concept.name.split(" "), { neutral: true }).map(({ text }) => text));
    const before = named.get(name);
    if (before === undefined || before.probability < concept.probability) named.set(name, { ...concept, name });
  }
  return [...named.values()].sort((a, b) => b.probability - a.probability);
}
