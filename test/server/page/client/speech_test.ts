import { describe, expect, test } from "bun:test";
import { globSync, readFileSync } from "node:fs";
import fc from "fast-check";
import {
  fill,
  isLanguage,
  type LanguageTag,
  languageFor,
  languages,
  Speech,
} from "../../../../src/server/page/client/language/speech.ts";

const client = new URL("../../../../src/server/page/client/", import.meta.url);
const tags = Object.keys(languages) as LanguageTag[];
const html = readFileSync(new URL("index.html", client), "utf8");

/** Every text of a language by its path, for instance "photos.one". */
function textsOf(tag: LanguageTag): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, message] of Object.entries(languages[tag])) {
    if (typeof message === "string") texts.set(name, message);
    else for (const [form, text] of Object.entries(message)) texts.set(`${name}.${form}`, text as string);
  }
  return texts;
}

const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe("the page's languages", () => {
  test("have every text, with the same places for values as in English", () => {
    const english = textsOf("en");
    for (const tag of tags) {
      for (const [path, text] of textsOf(tag)) {
        expect([tag, path, text.trim() === text && text !== ""]).toEqual([tag, path, true]);
        const model = english.get(path) ?? english.get(path.replace(/\.\w+$/, ".other"))!;
        expect([tag, path, holes(text)]).toEqual([tag, path, holes(model)]);
      }
    }
  });

  test("say different things", () => {
    // Words that two languages share, such as "Stop" or "Normal", are few.
    for (const tag of tags.filter((one) => one !== "en")) {
      const texts = textsOf(tag);
      const same = [...textsOf("en")].filter(([path, text]) => texts.get(path) === text);
      expect([tag, same.length < 8]).toEqual([tag, true]);
    }
  });

  test("have the plural forms that their rules ask for", () => {
    for (const tag of tags) {
      const { pluralCategories } = new Intl.PluralRules(tag).resolvedOptions();
      expect([tag, Object.keys(languages[tag].photos).sort()]).toEqual([tag, [...pluralCategories].sort()]);
    }
  });

  test("are written into index.html in English, as the page is before its script runs", () => {
    const { messages } = new Speech("en");
    const named = (name: string) => messages[name as keyof typeof messages];
    const texts = [...html.matchAll(/data-text="(\w+)"[^>]*>([^<]*)</g)];
    expect(texts.length).toBeGreaterThan(40);
    for (const [, name, text] of texts) expect([name, text]).toEqual([name!, named(name!) as string]);
    for (const [, label, name] of html.matchAll(
      /(?:aria-label|placeholder)="([^"]*)" data-(?:label|placeholder)="(\w+)"/g,
    ))
      expect([name, label]).toEqual([name!, named(name!) as string]);
  });

  test("hold no text that the page never says", () => {
    const files = globSync("**/*.{ts,html}", { cwd: client }).filter((file) => !file.startsWith("language/"));
    const sources = files.map((file) => readFileSync(new URL(file.replaceAll("\\", "/"), client), "utf8")).join("\n");
    const speech = readFileSync(new URL("language/speech.ts", client), "utf8");
    const language = readFileSync(new URL("language/language.ts", client), "utf8");
    const all = sources + speech + language;
    const unused = Object.keys(languages.en).filter((name) => !new RegExp(`["'.]${name}\\b`).test(all));
    expect(unused).toEqual([]);
  });
});

describe("languageFor()", () => {
  test("takes the first language of the browser's list that the page has", () => {
    expect(languageFor(["de-CH", "en"])).toBe("de");
    expect(languageFor(["pt-BR", "ES-419", "fr"])).toBe("es");
    expect(languageFor(["ja"])).toBe("ja");
    expect(languageFor(["fr-CA"])).toBe("fr");
  });

  test("is English for everybody else", () => {
    expect([languageFor([]), languageFor(["tlh", ""]), languageFor(["constructor", "__proto__"])]).toEqual([
      ...["en", "en", "en"],
    ] as LanguageTag[]);
    expect(isLanguage("toString")).toBe(false);
    expect(isLanguage(null)).toBe(false);
  });
});

describe("fill()", () => {
  test("inserts values, which are not read again", () => {
    expect(fill("{a} and {b} and {c}", { a: "{b}", b: "$&" })).toBe("{b} and $& and {c}");
    expect(fill("{toString}", {})).toBe("{toString}");
  });

  test("keeps any value as it is", () => {
    fc.assert(fc.property(fc.string(), (value) => expect(fill("<{name}>", { name: value })).toBe(`<${value}>`)));
  });
});

describe("Speech", () => {
  test("counts in the language's plural forms", () => {
    const said = (tag: LanguageTag, n: number) => new Speech(tag).count("photos", n).replaceAll(/\s/g, " ");
    expect([said("en", 1), said("en", 0), said("de", 1), said("de", 2)]).toEqual([
      ...["1 photo", "0 photos", "1 Foto", "2 Fotos"],
    ]);
    expect([said("fr", 0), said("fr", 2), said("fr", 1_000_000)]).toEqual([
      ...["0 photo", "2 photos", "1 000 000 de photos"],
    ]);
    expect([said("es", 1), said("es", 3), said("ja", 1), said("ja", 12)]).toEqual([
      ...["1 foto", "3 fotos", "写真 1 枚", "写真 12 枚"],
    ]);
  });

  test("says chances and times as one writes them in the language", () => {
    const plain = (text: string) => text.replaceAll(/\s/g, " ");
    const english = new Speech("en");
    expect([0, 0.004, 0.614, 1].map((chance) => english.percent(chance))).toEqual(["0%", "under 1%", "61%", "100%"]);
    expect(plain(new Speech("de").percent(0.614))).toBe("61 %");
    expect([english.seconds(1), english.seconds(4), english.seconds(0.228, 2)]).toEqual([
      ...["1 second", "4 seconds", "0.23 seconds"],
    ]);
    expect(plain(new Speech("fr").seconds(0.228, 2))).toBe("0,23 seconde");
  });
});
