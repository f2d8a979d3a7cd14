import type { Captions } from "./captions.ts";
import { showCertainty, showConcepts } from "./concept_chips.ts";
import { copyText } from "./copy_text.ts";
import { element } from "./element.ts";
import type { Language } from "./language/language.ts";
import type { Notices } from "./notices.ts";
import type { Photo } from "./photo.ts";
import { problemOf } from "./problem.ts";
import { WordRow } from "./word_row.ts";

/** The parts of the page that the view of one photo uses. */
export interface SingleParts {
  readonly captions: Captions;
  readonly language: Language;
  readonly notices: Notices;
}

/** One photo in detail: its caption word by word, where the model looked, how sure it is, and other captions. */
export class Single {
  readonly #parts: SingleParts;
  readonly #stage = element("stage", HTMLDivElement);
  readonly #figure = element("figure", HTMLElement);
  readonly #frame = element("frame", HTMLDivElement);
  readonly #hint = element("hint", HTMLDivElement);
  readonly #image = element("photo", HTMLImageElement);
  readonly #result = element("result", HTMLElement);
  readonly #status = element("status", HTMLParagraphElement);
  readonly #actions = element("actions", HTMLDivElement);
  readonly #certainty = element("certainty", HTMLParagraphElement);
  readonly #concepts = element("concepts", HTMLUListElement);
  readonly #yourText = element("your-text", HTMLParagraphElement);
  readonly #alternatives = element("alternatives", HTMLElement);
  readonly #alternativesList = element("alternatives-list", HTMLOListElement);
  readonly #words: WordRow;
  #photo: Photo | undefined;
  #running = new AbortController();

  constructor(parts: SingleParts) {
    this.#parts = parts;
    this.#words = new WordRow(() => parts.language.speech);
    element("again", HTMLButtonElement).addEventListener("click", () => this.captionAgain());
    element("copy", HTMLButtonElement).addEventListener("click", async () => {
      const copied = await copyText(this.#photo?.text ?? "");
      this.#status.textContent = parts.language.speech.say(copied ? "copied" : "copyRefused");
    });
    parts.language.onChange(() => this.#translate());
  }

  /** The photo that is shown. */
  get photo(): Photo | undefined {
    return this.#photo;
  }

  /** Shows a photo, and captions it if it has no caption yet. */
  async show(photo: Photo): Promise<void> {
    const signal = this.#begin();
    this.#photo = photo;
    this.#image.src = photo.address;
    const { speech } = this.#parts.language;
    Object.assign(this.#image, { alt: speech.say("yourPhoto"), lang: speech.tag });
    const shown = await this.#image.decode().then(
      () => true,
      () => false,
    );
    if (signal.aborted) return;
    this.#figure.hidden = !shown;
    this.#hint.hidden = shown;
    this.#stage.classList.toggle("filled", shown);
    if (shown) this.#frame.style.setProperty("--ratio", String(this.#image.naturalWidth / this.#image.naturalHeight));
    if (photo.caption === undefined) await this.captionAgain();
    else {
      this.#finish();
      this.#rest();
    }
  }

  /** Cancels the request, and leaves the photo. @returns The photo, if it has no result yet. */
  leave(): Photo | undefined {
    const photo = this.#photo;
    this.#running.abort();
    this.#photo = undefined;
    this.#parts.notices.clear();
    if (photo === undefined) return;
    photo.working = false;
    return photo.state === "waiting" ? photo : undefined;
  }

  /** Puts the focus on the caption's part. */
  focus(): void {
    this.#result.focus();
  }

  /** Captions the photo that is shown, with the current settings. */
  async captionAgain(): Promise<void> {
    const photo = this.#photo;
    if (photo === undefined) return;
    const signal = this.#begin();
    photo.working = true;
    photo.problem = undefined;
    try {
      photo.caption = await this.#parts.captions.ask(photo, signal, (word) => this.#words.add(word));
      if (signal.aborted) return;
      photo.working = false;
      this.#finish();
    } catch (error) {
      if (signal.aborted) return;
      photo.working = false;
      photo.problem = problemOf(error);
      this.#fail();
    }
    this.#rest();
  }

  /** Clears the last result and waits for the next. @returns A signal that is aborted when something newer begins. */
  #begin(): AbortSignal {
    this.#running.abort();
    this.#running = new AbortController();
    this.#words.clear();
    this.#parts.notices.clear();
    for (const part of [this.#certainty, this.#concepts, this.#yourText, this.#alternatives]) part.hidden = true;
    this.#result.classList.add("busy");
    this.#result.ariaBusy = "true";
    this.#status.textContent = this.#parts.language.speech.say("looking");
    return this.#running.signal;
  }

  #rest(): void {
    this.#result.classList.remove("busy");
    this.#result.ariaBusy = "false";
  }

  #finish(): void {
    const caption = this.#photo!.caption!;
    const { speech } = this.#parts.language;
    this.#words.settle(caption.words);
    const certainty = this.#showKnown();
    const { imageMs, encodeMs, generateMs } = caption.timing;
    const english = Object.assign(document.createElement("span"), { textContent: caption.caption, lang: "en" });
    const spoken = document.createElement("span");
    spoken.className = "visually-hidden";
    const [before, after] = speech.messages.captionSpoken.split("{caption}");
    spoken.append(before!, english, `${after} ${certainty} `);
    const seconds = speech.seconds((imageMs + encodeMs + generateMs) / 1000, 2);
    this.#status.replaceChildren(spoken, speech.say("doneIn", { seconds }));
    this.#actions.hidden = false;
  }

  /** Shows what a photo's caption says besides its words. @returns How sure the model is. */
  #showKnown(): string {
    const { caption, edited, path } = this.#photo!;
    if (caption === undefined) return "";
    const { speech } = this.#parts.language;
    Object.assign(this.#image, { alt: caption.caption || path, lang: "en" });
    showConcepts(this.#concepts, caption, speech);
    this.#yourText.hidden = edited === undefined;
    this.#yourText.textContent = speech.say("yourText", { text: edited ?? "" });
    this.#alternativesList.replaceChildren(
      ...caption.alternatives.map((other) =>
        Object.assign(document.createElement("li"), { textContent: other.caption }),
      ),
    );
    this.#alternatives.hidden = caption.alternatives.length === 0;
    return showCertainty(this.#certainty, caption, speech);
  }

  #fail(): void {
    this.#status.textContent = "";
    this.#actions.hidden = true;
    this.#parts.notices.show(this.#photo!.problem!);
  }

  /** Updates the texts to another language. */
  #translate(): void {
    const photo = this.#photo;
    if (photo === undefined) return;
    this.#words.translate();
    if (photo.working) this.#status.textContent = this.#parts.language.speech.say("looking");
    else if (photo.problem === undefined && photo.caption !== undefined) this.#finish();
  }
}
