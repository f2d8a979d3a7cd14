import { element } from "./element.ts";
import type { LeftOut } from "./intake/gather.ts";
import type { Language } from "./language/language.ts";
import type { TextName } from "./language/speech.ts";
import { advise, type Problem } from "./problem.ts";

/** Up to this many skipped files are named at once. */
const fewLeftOut = 3;

/** Notices above the photos: a problem, and skipped files. */
export class Notices {
  readonly #language: Language;
  readonly #box = element("error", HTMLDivElement);
  readonly #text = element("error-text", HTMLParagraphElement);
  readonly #retry = element("retry", HTMLButtonElement);
  readonly #tokenForm = element("token-form", HTMLFormElement);
  readonly #token = element("token", HTMLInputElement);
  readonly #leftOutBox = element("left-out", HTMLDivElement);
  readonly #leftOutDetails = element("left-out-details", HTMLDetailsElement);
  readonly #leftOutSummary = element("left-out-summary", HTMLElement);
  readonly #leftOutList = element("left-out-list", HTMLUListElement);
  #shown: Problem | TextName | undefined;
  #leftOut: readonly LeftOut[] = [];

  /**
   * @param onRetry Called if a person wants to try again.
   * @param onToken Called with the token that a person gave, before `onRetry`.
   * @param onLeftOutClosed Called when the button that had the focus is gone.
   */
  constructor(language: Language, onRetry: () => void, onToken: (token: string) => void, onLeftOutClosed: () => void) {
    this.#language = language;
    this.#retry.addEventListener("click", () => onRetry());
    this.#tokenForm.addEventListener("submit", (event) => {
      event.preventDefault();
      onToken(this.#token.value);
      this.#token.value = "";
      onRetry();
    });
    element("left-out-close", HTMLButtonElement).addEventListener("click", () => {
      this.showLeftOut([]);
      onLeftOutClosed();
    });
    language.onChange(() => {
      if (this.#shown !== undefined) this.show(this.#shown);
      this.showLeftOut(this.#leftOut);
    });
  }

  /** Shows a problem and what to do about it, or a message. */
  show(shown: Problem | TextName): void {
    this.#shown = shown;
    const { speech } = this.#language;
    const advice = typeof shown === "string" ? { text: speech.say(shown), retry: false } : advise(shown, speech);
    const wantsToken = typeof shown !== "string" && shown.status === 401;
    this.#text.textContent = advice.text;
    this.#box.hidden = false;
    this.#retry.hidden = !advice.retry;
    this.#tokenForm.hidden = !wantsToken;
    if (wantsToken) this.#token.focus();
  }

  /** Hides the problem. */
  clear(): void {
    this.#shown = undefined;
    this.#box.hidden = true;
  }

  /** Counts and names what was added but is not among the photos. */
  showLeftOut(leftOut: readonly LeftOut[]): void {
    // A few names are shown at once; many are folded.
    if (leftOut !== this.#leftOut) this.#leftOutDetails.open = leftOut.length <= fewLeftOut;
    this.#leftOut = leftOut;
    const { speech } = this.#language;
    this.#leftOutBox.hidden = leftOut.length === 0;
    this.#leftOutSummary.textContent = speech.count("leftOut", leftOut.length);
    this.#leftOutList.replaceChildren(
      ...leftOut.map(({ path, reason }) => {
        const name = Object.assign(document.createElement("bdi"), { textContent: path });
        const item = document.createElement("li");
        item.append(name, `: ${speech.say(reason)}`);
        return item;
      }),
    );
  }
}
