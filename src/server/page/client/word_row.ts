import type { CaptionWord } from "../../../caption/caption.ts";
import { sentence } from "../../../text/sentence.ts";
import { placeOf, veil } from "./attention_map.ts";
import { element } from "./element.ts";
import type { Speech } from "./language/speech.ts";

/** Pixels of a side of the veil; the browser stretches it over the photo, which is how the model squashed it. */
const veilSize = 112;

/** Milliseconds between the appearance of two words if they arrive together. */
const pace = 90;

/**
 * The caption as a row of buttons. Pointing at one, or moving the focus to it, lights up where the model looked; a
 * press holds the light. The arrow keys move from word to word, and the tab key stops at only one word.
 */
export class WordRow {
  readonly #row = element("words", HTMLDivElement);
  readonly #look = element("look", HTMLParagraphElement);
  readonly #frame = element("frame", HTMLDivElement);
  readonly #map = element("map", HTMLCanvasElement);
  readonly #words = new Map<HTMLButtonElement, CaptionWord>();
  readonly #speech: () => Speech;
  #pressed: HTMLButtonElement | undefined;
  #lastAppears = 0;

  /** @param speech Returns the current language's texts. */
  constructor(speech: () => Speech) {
    this.#speech = speech;
    this.#map.width = veilSize;
    this.#map.height = veilSize;
    this.#row.addEventListener("keydown", (event) => this.#move(event));
  }

  /** Removes every word. */
  clear(): void {
    this.#row.replaceChildren();
    this.#row.hidden = true;
    this.#words.clear();
    this.#pressed = undefined;
    this.#show(undefined);
    this.#look.hidden = true;
  }

  /** Adds a word at the end. */
  add(word: CaptionWord): void {
    const before = [...this.#words.values()].map(({ text }) => text);
    const joined = sentence([...before, word.text]).slice(sentence(before).length);
    if (joined.startsWith(" ")) this.#row.append(" ");
    const button = document.createElement("button");
    button.type = "button";
    // The label is in the page's language, the word in English.
    button.append(Object.assign(document.createElement("span"), { textContent: joined.trimStart(), lang: "en" }));
    button.ariaLabel = this.#describe(word);
    button.lang = this.#speech().tag;
    button.ariaPressed = "false";
    button.tabIndex = this.#words.size === 0 ? 0 : -1;
    button.style.setProperty("--sure", String(Math.exp(word.logProbability)));
    const now = performance.now();
    this.#lastAppears = Math.max(now, this.#lastAppears + pace);
    button.style.animationDelay = `${this.#lastAppears - now}ms`;
    button.addEventListener("pointerenter", () => this.#show(button));
    button.addEventListener("pointerleave", () => this.#show(this.#pressed));
    button.addEventListener("focus", () => this.#show(button));
    button.addEventListener("blur", () => this.#show(this.#pressed));
    button.addEventListener("click", () => this.#press(this.#pressed === button ? undefined : button));
    this.#words.set(button, word);
    this.#row.append(button);
    this.#row.hidden = false;
    this.#look.hidden = false;
    if (this.#words.size === 1) this.#show(undefined);
  }

  /** Shows these words if the streamed ones were different: parts may have been joined differently since. */
  settle(words: readonly CaptionWord[]): void {
    const shown = [...this.#words.values()];
    if (shown.length === words.length && shown.every(({ text }, i) => text === words[i]!.text)) return;
    this.clear();
    for (const word of words) this.add(word);
  }

  /** Updates the texts to another language. */
  translate(): void {
    for (const [button, word] of this.#words) {
      button.ariaLabel = this.#describe(word);
      button.lang = this.#speech().tag;
    }
    this.#show(this.#pressed);
  }

  #press(button: HTMLButtonElement | undefined): void {
    if (this.#pressed) this.#pressed.ariaPressed = "false";
    this.#pressed = button;
    if (button) button.ariaPressed = "true";
    this.#show(button);
  }

  #move(event: KeyboardEvent): void {
    const buttons = [...this.#words.keys()];
    const current = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const last = buttons.length - 1;
    const goals: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(current + 1, last),
      ArrowLeft: Math.max(current - 1, 0),
      Home: 0,
      End: last,
    };
    if (event.key === "Escape") this.#press(undefined);
    const goal = goals[event.key];
    if (goal === undefined || current === -1) return;
    event.preventDefault();
    buttons[current]!.tabIndex = -1;
    buttons[goal]!.tabIndex = 0;
    buttons[goal]!.focus();
  }

  #show(button: HTMLButtonElement | undefined): void {
    const word = button && this.#words.get(button);
    this.#look.textContent = word ? this.#describe(word) : this.#speech().say("chooseWord");
    this.#frame.classList.toggle("lit", word?.attention !== undefined);
    if (!word?.attention) return;
    this.#map.getContext("2d")!.putImageData(new ImageData(veil(word.attention, veilSize), veilSize), 0, 0);
  }

  /** How sure the model was of a word, and where it looked. */
  #describe({ text, logProbability, attention }: CaptionWord): string {
    const speech = this.#speech();
    const chance = speech.percent(Math.exp(logProbability));
    if (attention === undefined) return speech.say("wordLinePlain", { word: text, chance });
    return speech.say("wordLine", { word: text, chance, place: speech.messages.places[placeOf(attention)] });
  }
}
