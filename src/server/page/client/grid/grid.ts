import type { CaptionQueue } from "../caption_queue.ts";
import { copyText } from "../copy_text.ts";
import { element } from "../element.ts";
import { csvOf, linesOf } from "../export/csv.ts";
import { download } from "../export/download.ts";
import { jsonOf, type Row, rowsOf } from "../export/rows.ts";
import { zipOfSidecars } from "../export/sidecars.ts";
import type { Language } from "../language/language.ts";
import type { TextName } from "../language/speech.ts";
import type { Photo } from "../photo.ts";
import { advise } from "../problem.ts";
import { Card, type CardAction } from "./card.ts";
import { countsOf, progressOf, summaryOf } from "./summary.ts";

/** The parts of the page that the grid uses. */
export interface GridParts {
  readonly language: Language;
  readonly queue: CaptionQueue;
  /** Called if a person wants to see one photo in detail. */
  look(photo: Photo): void;
  /** Called after photos were removed. */
  removed(photos: readonly Photo[]): void;
}

/** All photos of the page as cards, with actions for all of them. */
export class Grid {
  readonly #parts: GridParts;
  readonly #cards = new Map<Photo, Card>();
  readonly #list = element("cards", HTMLUListElement);
  readonly #title = element("grid-title", HTMLHeadingElement);
  readonly #bar = element("progress", HTMLProgressElement);
  readonly #text = element("progress-text", HTMLSpanElement);
  readonly #spoken = element("grid-status", HTMLParagraphElement);
  readonly #note = element("grid-note", HTMLParagraphElement);
  readonly #stop = element("stop", HTMLButtonElement);
  readonly #resume = element("resume", HTMLButtonElement);
  readonly #retryFailed = element("retry-failed", HTMLButtonElement);
  /** Quarters of the work that have been announced to screen readers. */
  #quarters = 0;

  constructor(parts: GridParts) {
    this.#parts = parts;
    const { queue } = parts;
    const on = (id: string, act: () => void) => element(id, HTMLButtonElement).addEventListener("click", act);
    on("stop", () => this.#swap(() => queue.stop(), this.#resume));
    on("resume", () => this.#swap(() => queue.resume(), this.#stop));
    on("retry-failed", () => this.#swap(() => this.#retry(this.#failed), this.#title));
    on("copy-all", async () => this.note((await copyText(linesOf(this.#rows))) ? "copied" : "copyRefused"));
    on("download-csv", () => download("captions.csv", csvOf(this.#rows), "text/csv;charset=utf-8"));
    on("download-json", () => download("captions.json", jsonOf(this.#rows), "application/json"));
    on("download-xmp", () => download("captions-xmp.zip", zipOfSidecars(this.#rows), "application/zip"));
    on("remove-all", () => {
      if (confirm(parts.language.speech.say("removeAllSure"))) this.#removeAll([...this.#cards.keys()]);
    });
    parts.language.onChange(() => this.#translate());
  }

  /** The photos that it shows. */
  get photos(): Photo[] {
    return [...this.#cards.keys()];
  }

  /** Adds photos at the end. */
  add(photos: readonly Photo[]): void {
    for (const photo of photos) {
      const card = new Card(photo, {
        speech: () => this.#parts.language.speech,
        act: (action) => this.#act(action, photo),
        edited: () => this.update(),
      });
      this.#cards.set(photo, card);
      this.#list.append(card.root);
    }
    this.#quarters = 0;
    this.update();
  }

  /** Shows the progress of all photos, and a photo that changed. */
  update(photo?: Photo): void {
    if (photo) this.#cards.get(photo)?.update();
    const { language, queue } = this.#parts;
    const { speech } = language;
    const counts = countsOf(this.photos.map(({ state }) => state));
    const { ended, all } = progressOf(counts);
    this.#title.textContent = speech.count("photos", all);
    Object.assign(this.#bar, { max: Math.max(all, 1), value: ended });
    const summary = summaryOf(counts, queue, speech);
    this.#text.textContent = summary;
    this.#stop.hidden = !queue.busy;
    this.#resume.hidden = !queue.stopped;
    this.#retryFailed.hidden = counts.failed === 0 || queue.busy;
    // Announcing every photo would be too much to listen to.
    const quarters = all === 0 ? 0 : Math.floor((4 * ended) / all);
    if (quarters > this.#quarters || queue.stopped) this.#spoken.textContent = summary;
    this.#quarters = Math.max(quarters, this.#quarters);
  }

  /** Puts the focus on the photo's card, or on the heading if the photo has none. */
  focus(photo?: Photo): void {
    const card = photo && this.#cards.get(photo);
    if (card) card.focus("look");
    else this.#title.focus();
  }

  /** Says a message below the buttons. */
  note(name: TextName): void {
    this.#note.textContent = this.#parts.language.speech.say(name);
  }

  get #failed(): Photo[] {
    return this.photos.filter(({ state }) => state === "failed");
  }

  get #rows(): Row[] {
    const { speech } = this.#parts.language;
    return rowsOf(this.photos, ({ problem }) => (problem ? advise(problem, speech).text : ""));
  }

  async #act(action: CardAction, photo: Photo): Promise<void> {
    if (action === "look") this.#parts.look(photo);
    if (action === "copy") this.note((await copyText(photo.text)) ? "copied" : "copyRefused");
    if (action === "retry") {
      this.#retry([photo]);
      this.#cards.get(photo)?.focus("look");
    }
    if (action === "remove") this.#remove(photo);
  }

  #retry(photos: readonly Photo[]): void {
    for (const photo of photos) photo.problem = undefined;
    this.#quarters = 0;
    this.#parts.queue.add(photos);
    for (const photo of photos) this.update(photo);
  }

  #remove(photo: Photo): void {
    const photos = this.photos;
    const place = photos.indexOf(photo);
    const next = photos[place + 1] ?? photos[place - 1];
    this.#removeAll([photo]);
    // The focus was on a photo that is gone.
    if (next) this.#cards.get(next)!.focus("remove");
  }

  #removeAll(photos: readonly Photo[]): void {
    for (const photo of photos) {
      this.#parts.queue.remove(photo);
      this.#cards.get(photo)?.root.remove();
      this.#cards.delete(photo);
      photo.forget();
    }
    this.#note.textContent = "";
    this.#parts.removed(photos);
    this.update();
  }

  /** Runs an action that hides the focused button, then puts the focus on what replaces it. */
  #swap(act: () => void, then: HTMLElement): void {
    act();
    (then.hidden ? this.#title : then).focus();
  }

  #translate(): void {
    this.#note.textContent = "";
    for (const card of this.#cards.values()) card.update();
    this.update();
  }
}
