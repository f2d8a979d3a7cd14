/** The tokens that the COCO caption code drops; brackets stay, because its names for them are in capitals. */
const dropped = new Set(["'", "`", '"', ".", "?", "!", ",", ":", "-", "--", "...", ";"]);

/** How the Penn Treebank writes brackets, in lower case. */
const brackets: Readonly<Record<string, string>> = {
  "(": "-lrb-",
  ")": "-rrb-",
  "[": "-lsb-",
  "]": "-rsb-",
  "{": "-lcb-",
  "}": "-rcb-",
};

const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };

/** Alternatives that match in upper and lower case. A flag would also change `\p{Lu}`. */
function anyCase(...words: readonly string[]): string {
  const bothCases = (letter: string) => `[${letter}${letter.toUpperCase()}]`;
  return `(?:${words.map((word) => word.replace(/[a-z]/g, bothCases)).join("|")})`;
}

// Nothing that continues a word may follow.
const end = String.raw`(?![\p{L}\p{N}\p{M}])`;
const part = String.raw`[\p{L}\p{N}][\p{L}\p{N}\p{M}]*`;
const not = `${anyCase("n't")}${end}`;

/** The kinds of token, tried in this order at each place; within one kind the longest alternative comes first. */
const kinds: readonly string[] = [
  // Addresses, names of people and topics online, and tags.
  String.raw`https?:\/\/[^\s"<>]*[^\s"<>.,;:!?)]`,
  String.raw`[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+`,
  String.raw`[@#]\p{L}[\p{L}\p{N}_]*`,
  String.raw`<\/?\p{L}[^<>\s]*>`,
  // Words that the Treebank splits.
  `${anyCase("can")}(?=${anyCase("not")}${end})`,
  `${anyCase("gon", "wan")}(?=${anyCase("na")}${end})`,
  `${anyCase("got")}(?=${anyCase("ta")}${end})`,
  `${anyCase("gim", "lem")}(?=${anyCase("me")}${end})`,
  `${anyCase("y'")}(?=${anyCase("all")}${end})`,
  `${anyCase("'t")}(?=${anyCase("is", "was")}${end})`,
  `${anyCase("'n'")}|${not}|${anyCase("'s", "'m", "'d", "'ll", "'re", "'ve")}${end}`,
  String.raw`(?<!\d)'\d\ds?${end}`,
  // Words that keep their apostrophe.
  String.raw`${anyCase("o'clock", "ma'am", "o'er", "d'ye", "c'mon")}${end}|[ODL]'\p{Lu}\p{L}+`,
  // Abbreviations keep their full stop, and so do initials with more to come.
  String.raw`(?:\p{L}\.){2,}`,
  String.raw`${anyCase("mr", "mrs", "ms", "dr", "prof", "st", "mt", "lt", "sgt", "capt", "gen", "col", "ft")}\.(?=\s*[\p{L}\p{N}])`,
  String.raw`${anyCase("no", "fig")}\.(?=\s*\d)`,
  String.raw`${anyCase("vs", "etc", "jr", "sr", "inc", "corp", "ltd", "co", "dr", "mr", "mrs", "ms")}\.`,
  String.raw`\p{Lu}\.(?=\s+\S)`,
  // Numbers, times and fractions.
  String.raw`[-+]?\d+(?:[.,:\/-]\d+)*(?=${anyCase("am", "pm", "a.m", "p.m")}${end})`,
  String.raw`[-+]?\d+(?:[.,:\/-]\d+)+${end}`,
  String.raw`[-+]\d+`,
  // A word ends before its n't, and may hold hyphens, slashes and full stops; a firm's name, an ampersand.
  String.raw`\p{L}+?(?=${not})`,
  String.raw`\p{Lu}+(?:&\p{Lu}+)+`,
  String.raw`${part}(?:[-_\/.](?!${not})${part})*`,
  // Runs of punctuation are one token.
  String.raw`\.{3,}|-{2,}|[!?]{2,}|''|${"``"}`,
  // Symbols stand alone. The rest, such as emoji, is dropped.
  String.raw`[\p{P}\p{Sc}\p{Sm}^${"`"}]`,
];

const token = new RegExp(kinds.join("|"), "gu");

/**
 * Splits a caption as the COCO caption evaluation code does before scoring: Penn Treebank tokens (`don't`
 * becomes `do` and `n't`, `dog's` becomes `dog` and `'s`), in lower case, without punctuation.
 *
 * It does what Stanford's PTBTokenizer does with captions, but lacks some of that program's word lists, so
 * text unlike captions (telephone numbers, smileys, rare abbreviations) may be split differently.
 *
 * @example
 * ```ts
 * import { tokenizePtb } from "./ptb_tokenizer.ts";
 *
 * tokenizePtb("A dog's ball isn't red."); // ["a", "dog", "'s", "ball", "is", "n't", "red"]
 * ```
 */
export function tokenizePtb(text: string): string[] {
  const plain = text
    .replace(/&(?:amp|lt|gt|quot);/g, (entity) => entities[entity]!)
    .replace(/[‘’]/g, "'")
    .replace(/[“”«»]/g, '"')
    .replace(/[–—]/g, "--")
    .replaceAll("…", "...");
  const tokens: string[] = [];
  for (const [found] of plain.matchAll(token)) {
    const word = found.startsWith("...") ? "..." : found.startsWith("--") ? "--" : found.toLowerCase();
    if (!dropped.has(word) && word !== "''" && word !== "``") tokens.push(brackets[word] ?? word);
  }
  return tokens;
}
