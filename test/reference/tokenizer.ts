/**
 * A reference implementation of the tokenizer, close to its rules: regular expressions with look-behind, and a table of
 * listed chunks. It is slow on long chunks, and only serves to compare with.
 */
import { CASED, ICONS, UNCASED } from "./character_classes.ts";

const ALPHA = `${CASED}${UNCASED}`;
const LOWER = String.raw`[[${CASED}]&&[\p{Lowercase}\u{294}\u{295}]]${UNCASED}`;
const UPPER = String.raw`[[${CASED}]&&[\p{Uppercase}\u{3a2}]]${UNCASED}`;
const MARKS = String.raw`…,:;!?¿؟¡\(\)\[\]\{\}<>_#*\&。？！，、；：～·।،۔؛٪`;
const QUOTES = String.raw`'"”“\`‘´’‚,„»«「」『』（）〔〕【】《》〈〉\u{2329}\u{232a}⟦⟧`.replaceAll("\\`", "`");
const MONEY = String.raw`(?:US\$|[CA]\$|[\$£€¥฿\u{20a0}-\u{20bf}\u{fdfc}])`;
const UNITS = (
  "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa Pa " +
  "mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с км/ч кПа " +
  "Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ ملغ كوب " +
  "اكواب"
).replaceAll(" ", "|");

const any = (parts: readonly string[], wrap: (part: string) => string) => new RegExp(parts.map(wrap).join("|"), "v");

const PREFIX = any(
  ["[§%=—–]", String.raw`\+(?![0-9])`, `[${MARKS}]`, String.raw`\.\.+`, `[${QUOTES}]`, MONEY, `[${ICONS}]`],
  (part) => `^(?:${part})`,
);
const SUFFIX = any(
  [
    `……|[${MARKS}]`,
    String.raw`\.\.+`,
    `[${QUOTES}]`,
    `[${ICONS}]`,
    "['’][sS]",
    "[—–]",
    String.raw`(?<=[0-9])\+`,
    String.raw`(?<=°[FfCcKk])\.`,
    `(?<=[0-9])${MONEY}`,
    `(?<=[0-9])(?:${UNITS})`,
    String.raw`(?<=[0-9[${LOWER}]%²\-+\|${MARKS}${QUOTES}])\.`,
    String.raw`(?<=[${UPPER}][${UPPER}])\.`,
  ],
  (part) => `(?:${part})$`,
);
const INFIX = new RegExp(
  [
    String.raw`\.\.+|…|[${ICONS}]`,
    String.raw`(?<=[0-9])[+\-*\^](?=[0-9\-])`,
    String.raw`(?<=[[${LOWER}]${QUOTES}])\.(?=[[${UPPER}]${QUOTES}])`,
    `(?<=[${ALPHA}]),(?=[${ALPHA}])`,
    `(?<=[${ALPHA}0-9])(?:-|–|—|--|---|——|~)(?=[${ALPHA}])`,
    `(?<=[${ALPHA}0-9])[:<>=\\/](?=[${ALPHA}])`,
  ].join("|"),
  "gv",
);
const EDGE = String.raw`[A-Za-z0-9\u{a1}-\u{ffff}]`;
const URL_MATCH = new RegExp(
  String.raw`^(?:[\p{Alphabetic}\p{N}_+\-.]{2,}:\/\/)?(?:[^]+@)?(?:` +
    String.raw`(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})` +
    String.raw`(?!172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])` +
    String.raw`(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]))|` +
    String.raw`(?:(?:${EDGE}[A-Za-z0-9\u{a1}-\u{ffff}_\-]{0,62})?${EDGE}\.)+[${LOWER}]{2,63}` +
    String.raw`)(?::\d{2,5})?(?:[\/?#][^]*)?$`,
  "v",
);
// White space as Unicode has it, with the four ASCII separators, but not the zero-width mark that `\s` includes.
const SPACE = String.raw`[[\s\u{1c}-\u{1f}\u{85}]--\u{feff}]`;
const RUNS = new RegExp(`${SPACE}+|(?:(?!${SPACE})[^])+`, "gv");
const BLANK = new RegExp(`^${SPACE}+$`, "v");
// Punctuation of Unicode 14; later versions, which runtimes differ in, have more.
const PUNCTUATION =
  /^[\p{P}--[\u{1b4e}\u{1b4f}\u{1b7f}\u{10d6e}\u{10ead}\u{10ed0}\u{11b00}-\u{11b09}\u{11be1}\u{11f43}-\u{11f4f}\u{113d4}\u{113d5}\u{113d7}\u{113d8}\u{16d6d}-\u{16d6f}\u{1e5ff}]]*$/v;

/** Listed chunks, as the lengths of their tokens. */
const listed = new Map<string, string[]>();

function list(tokens: string, capital = false): void {
  for (const spelling of new Set([tokens, tokens.replaceAll("'", "’")])) {
    listed.set(spelling.replaceAll(" ", ""), spelling.split(" "));
    if (capital) list(spelling.charAt(0).toUpperCase() + spelling.slice(1));
  }
}

function listAll(): void {
  const both = (word: string, ending: string) => {
    list(`${word} ${ending}`, true);
    const bare = ending.replaceAll("'", "");
    if (!/^(?:ill|its|hell|shell|shed|well|were)$/.test(word + bare)) list(`${word} ${bare}`, true);
  };
  const asking = ["who", "what", "when", "where", "why", "how", "there"];
  for (const ending of ["'m", "'m a"]) both("i", ending);
  for (const word of ["i", "you", "he", "she", "it", "we", "they", ...asking, "that", "this", "these", "those"]) {
    for (const ending of ["'ll", "'ll 've", "'d", "'d 've"]) both(word, ending);
  }
  for (const word of [
    "i",
    "you",
    "we",
    "they",
    ...asking,
    "these",
    "those",
    "could",
    "might",
    "must",
    "should",
    "would",
  ])
    both(word, "'ve");
  for (const word of ["you", "we", "they", ...asking, "these", "those"]) both(word, "'re");
  for (const word of ["he", "she", "it", ...asking, "that", "this"]) both(word, "'s");
  for (const verb of "ca could do does did had may might must need ought sha should wo would".split(" ")) {
    for (const not of ["n't", "n't 've", "nt", "nt ve"]) list(`${verb} ${not}`, true);
  }
  for (const verb of "ai are is was were have has dare".split(" ")) {
    for (const not of ["n't", "nt"]) list(`${verb} ${not}`, true);
  }
  for (const word of "doin goin nothin nuthin ol somethin lovin havin".split(" ")) {
    list(word, true);
    list(`${word}'`, true);
  }
  for (const tokens of [
    "how 'd 'y",
    "not 've",
    "not ve",
    "can not",
    "gon na",
    "got ta",
    "let 's",
    "c'm on",
    "ma'am",
    "o'clock",
  ])
    list(tokens, true);
  for (const tokens of ["y' all", "y all"]) list(tokens);
  for (let hour = 1; hour <= 12; hour++) for (const period of ["a.m.", "am", "p.m.", "pm"]) list(`${hour} ${period}`);
  for (const scale of "cfkCFK") list(`° ${scale} .`);
  // No `String.raw` here: Bun hands it escapes in place of letters beyond Latin.
  const whole = `em 'em ll 'll nuff 'nuff 'S 's ‘S ‘s and/or w/o 're 'Cause 'cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz
    'bout 'd Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul.
    Jun. Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla.
    Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e.
    I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s.
    ä. ö. ü. :) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-; :( :-(
    :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| ]= =[ :1 :P :-P :p :-p :O :-O :o :-o :0 :-0
    :() >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._.
    ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^)
    (-_-) (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*> ' '' \\") <space> C++ \\t \\n —`;
  for (const chunk of whole.split(/\s+/)) list(chunk);
  for (let letter = 97; letter < 123; letter++) list(`${String.fromCharCode(letter)}.`);
}
listAll();

/** Splits a chunk without white space; `cases` says whether listed chunks are kept. */
function split(chunk: string, cases: boolean): string[] {
  const special = (text: string) => (cases ? listed.get(text) : undefined);
  const prefixes: string[] = [];
  const suffixes: string[] = [];
  let rest = chunk;
  for (let last = -1; rest !== "" && rest.length !== last && !special(rest); ) {
    last = rest.length;
    const prefix = PREFIX.exec(rest)?.[0] ?? "";
    const withoutPrefix = rest.slice(prefix.length);
    if (prefix !== "" && special(withoutPrefix)) {
      prefixes.push(prefix);
      rest = withoutPrefix;
      break;
    }
    const suffix = SUFFIX.exec(withoutPrefix)?.[0] ?? "";
    const withoutSuffix = rest.slice(0, rest.length - suffix.length);
    if (suffix !== "" && special(withoutSuffix)) {
      suffixes.unshift(suffix);
      rest = withoutSuffix;
      break;
    }
    if (prefix !== "") prefixes.push(prefix);
    if (suffix !== "") suffixes.unshift(suffix);
    rest = withoutPrefix.slice(0, withoutPrefix.length - suffix.length);
  }
  const middle = rest === "" ? [] : (special(rest) ?? (URL_MATCH.test(rest) ? [rest] : splitInfixes(rest)));
  return [...prefixes, ...middle, ...suffixes];
}

function splitInfixes(text: string): string[] {
  const tokens: string[] = [];
  let start = 0;
  for (const { index, 0: infix } of text.matchAll(INFIX)) {
    if (index === 0) continue;
    tokens.push(text.slice(start, index), infix);
    start = index + infix.length;
  }
  return [...tokens, text.slice(start)].filter((token) => token !== "");
}

/** Listed chunks that the rules would cut, as the pieces that they are cut into. */
const cut = [...listed.keys()]
  .filter((chunk) => PREFIX.test(chunk) || SUFFIX.test(chunk) || chunk.search(INFIX) >= 0)
  .map((chunk) => split(chunk, false));

interface Token {
  readonly text: string;
  /** White space before it. */
  readonly blank: boolean;
}

function joinCut(tokens: readonly Token[]): string[] {
  const matches: { start: number; length: number }[] = [];
  for (let start = 0; start < tokens.length; start++) {
    for (const parts of cut) {
      if (parts.every((part, i) => tokens[start + i]?.text === part)) matches.push({ start, length: parts.length });
    }
  }
  matches.sort((a, b) => b.length - a.length || a.start - b.start);
  const seen = new Set<number>();
  const replaced = new Map<number, { length: number; by: readonly string[] }>();
  for (const { start, length } of matches) {
    const free = !seen.has(start) && !seen.has(start + length - 1);
    for (let i = start; i < start + length; i++) seen.add(i);
    const span = tokens.slice(start, start + length);
    const by = span.slice(1).some(({ blank }) => blank) ? undefined : listed.get(span.map(({ text }) => text).join(""));
    if (free && by) replaced.set(start, { length, by });
  }
  const joined: string[] = [];
  for (let i = 0; i < tokens.length; ) {
    const { length, by } = replaced.get(i) ?? { length: 1, by: [tokens[i]!.text] };
    joined.push(...by);
    i += length;
  }
  return joined;
}

/** The tokens that `tokenize` of src/text gives. */
export function referenceTokenize(text: string): string[] {
  const tokens: Token[] = [];
  let blank = false;
  for (const { index, 0: run } of text.toWellFormed().matchAll(RUNS)) {
    if (BLANK.test(run)) {
      // A single space after a word is not a token; any other white space is one, which the tokens below skip.
      if (index === 0 || run !== " ") tokens.push({ text: run, blank: false });
      blank = true;
    } else {
      for (const [i, token] of split(run, true).entries()) tokens.push({ text: token, blank: blank && i === 0 });
      blank = false;
    }
  }
  return joinCut(tokens)
    .filter((token) => !BLANK.test(token) && !PUNCTUATION.test(token))
    .map((token) => token.toLowerCase());
}
