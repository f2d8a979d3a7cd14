import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";
import { ja } from "./ja.ts";
import type { Forms, Messages } from "./messages.ts";

/** The page's languages, by their tags. */
export const languages = { en, de, fr, es, ja } as const;

/** Tag of a language of the page. */
export type LanguageTag = keyof typeof languages;

/** Names of the messages that are one text. */
export type TextName = { [Name in keyof Messages]: Messages[Name] extends string ? Name : never }[keyof Messages];

/** Names of the messages that have plural forms. */
export type CountName = Exclude<
  { [Name in keyof Messages]: Messages[Name] extends Forms<"other"> ? Name : never }[keyof Messages],
  "places"
>;

/** Value of the placeholder `{name}`. */
export type Values = Readonly<Record<string, string>>;

/** Whether `tag` names a language of the page. */
export function isLanguage(tag: string | null | undefined): tag is LanguageTag {
  return typeof tag === "string" && Object.hasOwn(languages, tag);
}

/** The page's language for a person who prefers these, for instance `["pt-BR", "de-CH"]`, best first. */
export function languageFor(preferred: readonly string[]): LanguageTag {
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split("-")[0];
    if (isLanguage(primary)) return primary;
  }
  return "en";
}

/** Replaces placeholders such as `{name}` by their values; one without a value stays. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]! : whole));
}

/** Says the page's texts, numbers and times in one language. */
export class Speech {
  readonly tag: LanguageTag;
  readonly messages: Messages;
  readonly #rules: Intl.PluralRules;
  readonly #numbers: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;

  constructor(tag: LanguageTag) {
    this.tag = tag;
    this.messages = languages[tag];
    this.#rules = new Intl.PluralRules(tag);
    this.#numbers = new Intl.NumberFormat(tag);
    this.#percent = new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 0 });
  }

  /** A message. */
  say(name: TextName, values: Values = {}): string {
    return fill(this.messages[name], values);
  }

  /** A message about `n` things, in the plural form that the language has for them. */
  count(name: CountName, n: number): string {
    const forms: Partial<Record<Intl.LDMLPluralRule, string>> = this.messages[name];
    return fill(forms[this.#rules.select(n)] ?? this.messages[name].other, { n: this.number(n) });
  }

  /** A number. */
  number(value: number): string {
    return this.#numbers.format(value);
  }

  /** A chance. @param chance 0 to 1. */
  percent(chance: number): string {
    if (chance > 0 && chance < 0.01) return this.say("under", { chance: this.#percent.format(0.01) });
    return this.#percent.format(chance);
  }

  /** A time. @param seconds At least 0. */
  seconds(seconds: number, digits = 0): string {
    const format = new Intl.NumberFormat(this.tag, {
      ...{ style: "unit", unit: "second", unitDisplay: "long" },
      ...{ minimumFractionDigits: digits, maximumFractionDigits: digits },
    } as const);
    return format.format(seconds);
  }
}
