import { element } from "../element.ts";
import { isLanguage, type LanguageTag, languageFor, languages, Speech, type TextName } from "./speech.ts";

/** Storage key of the choice. */
const key = "edgecap-language";

/** Attributes of index.html that name a message, and what the message is assigned to. */
const targets: Readonly<Record<string, (element: HTMLElement, text: string) => void>> = {
  "data-text": (element, text) => {
    element.textContent = text;
  },
  "data-label": (element, text) => {
    element.ariaLabel = text;
  },
  "data-placeholder": (element, text) => {
    element.setAttribute("placeholder", text);
  },
};

/** The language of the page: the browser's, or the one chosen in the menu. */
export class Language {
  readonly #menu = element("language", HTMLSelectElement);
  readonly #listeners: (() => void)[] = [];
  #speech: Speech;

  constructor() {
    const kept = stored();
    this.#speech = new Speech(isLanguage(kept) ? kept : languageFor(navigator.languages));
    for (const [tag, { name }] of Object.entries(languages)) {
      const option = Object.assign(document.createElement("option"), { value: tag, textContent: name, lang: tag });
      this.#menu.append(option);
    }
    this.#menu.value = this.#speech.tag;
    this.#menu.addEventListener("change", () => this.#choose(this.#menu.value as LanguageTag));
    this.#apply();
  }

  /** The current language's texts. */
  get speech(): Speech {
    return this.#speech;
  }

  /** Calls `listener` when another language is chosen, so that it can update its texts. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #choose(tag: LanguageTag): void {
    this.#speech = new Speech(tag);
    try {
      localStorage.setItem(key, tag);
    } catch {
      // If the browser does not store it, the choice lasts as long as the page.
    }
    this.#apply();
    for (const listener of this.#listeners) listener();
  }

  #apply(): void {
    document.documentElement.lang = this.#speech.tag;
    document.title = this.#speech.say("title");
    for (const [attribute, set] of Object.entries(targets)) {
      for (const found of document.querySelectorAll<HTMLElement>(`[${attribute}]`))
        set(found, this.#speech.say(found.getAttribute(attribute) as TextName));
    }
    element("captions-in-english", HTMLElement).hidden = this.#speech.tag === "en";
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
