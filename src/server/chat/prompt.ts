import { accepts, optionTable } from "../../caption/option_table.ts";
import type { Note } from "./notes.ts";

/** The requests in a prompt that can be fulfilled. */
export interface Prompt {
  /** A sentence, a list of nouns that the picture shows, or only the likeliest noun. */
  readonly form: "sentence" | "keywords" | "word";
  /** The wanted length of the sentence, if the prompt says it. */
  readonly length?: "short" | "long" | undefined;
  /** Most characters of the sentence, if the prompt says it. */
  readonly maxCharacters?: number | undefined;
  /** Whether the prompt asks for gender-neutral words. */
  readonly neutral?: boolean | undefined;
  /** The requests in the prompt that were followed, and those that were not. */
  readonly notes: readonly Note[];
}

/** Number of characters of a prompt to read. */
const longestPrompt = 4000;

/** "alt tag" means alternative text, which is a sentence. */
const keywords = /(?<!\b(?:no|without|avoid|not|never|alt|html|title|meta) )\b(?:tags?|keywords?)\b/i;
const oneWord = /\b(?:one|a single|1)[ -]word\b/i;
const thing = String.raw`(?:captions?|descriptions?|sentences?|answers?|texts?|summary|titles?)\b`;
const sized = (word: string) =>
  new RegExp(
    String.raw`(?<!\b(?:not|too|how) )\b${word},?(?: [a-z-]+,?){0,2} ${thing}|\b(?:keep it|be|make it) ${word}\b`,
    "i",
  );
const short = sized("short");
const long = sized("long");

const atMost =
  /\b(at most|(?:no|not) more than|up to|under|below|within|max(?:imum|imal)?(?: of)?|(?:less|fewer) than|limit(?:ed)? (?:of|to)|exceed(?:ing)?)[:.]? (\d{1,5})[- ]?(?:characters?|chars?)\b/i;
const orFewer = /\b(\d{1,5})[- ]?(?:characters?|chars?),? (?:or (?:less|fewer)|at most|max(?:imum)?)\b/i;
const genderNeutral = /(?<!\b(?:not|no|without) )\bgender[- ]?neutral\b/i;

const languages = [
  ...["arabic", "basque", "bengali", "bulgarian", "catalan", "chinese", "croatian", "czech", "danish", "dutch"],
  ...["estonian", "finnish", "french", "galician", "german", "greek", "hebrew", "hindi", "hungarian", "indonesian"],
  ...["italian", "japanese", "korean", "latvian", "lithuanian", "norwegian", "persian", "polish", "portuguese"],
  ...["romanian", "russian", "serbian", "slovak", "slovenian", "spanish", "swedish", "thai", "turkish", "ukrainian"],
  ...["vietnamese", "deutsch", "español", "français", "italiano", "nederlands", "polski", "português", "русском"],
].join("|");
const language = new RegExp(
  String.raw`\b(?:in|into|to|auf|en|po|em|на) (?:the )?(?:${languages})(?!\p{L})|日本語|中文|한국어|русский`,
  "iu",
);

/**
 * Finds the requests in a prompt that can be fulfilled, by plain words: keywords or tags, one word, a short or a long
 * sentence, a number of characters, gender-neutral words. A language other than English is noted, but the answer is in
 * English.
 */
export function readPrompt(text: string): Prompt {
  const read = text.slice(0, longestPrompt).replaceAll(/\s+/g, " ").trim();
  if (read === "") return { form: "sentence", notes: [] };
  const english: Note[] = language.test(read) ? ["english-only"] : [];
  if (oneWord.test(read)) return { form: "word", notes: ["one-word", ...english] };
  if (keywords.test(read)) return { form: "keywords", notes: ["keywords", ...english] };
  const length = short.test(read) ? "short" : long.test(read) ? "long" : undefined;
  const maxCharacters = mostCharacters(read);
  const neutral = genderNeutral.test(read) || undefined;
  const notes: Note[] = [];
  if (length !== undefined) notes.push(length);
  if (maxCharacters !== undefined) notes.push("max-characters");
  if (neutral) notes.push("neutral");
  return {
    form: "sentence",
    length,
    maxCharacters,
    neutral,
    notes: [...(notes.length === 0 ? (["prompt-ignored"] as const) : notes), ...english],
  };
}

/** How many characters a prompt allows: "under 100" is 99. */
function mostCharacters(text: string): number | undefined {
  const [, words = "", number = ""] = atMost.exec(text) ?? [];
  const most = Number(number || orFewer.exec(text)?.[1]) - (/^(?:under|below|less|fewer)/i.test(words) ? 1 : 0);
  return accepts(optionTable.maxCharacters, most) ? most : undefined;
}
