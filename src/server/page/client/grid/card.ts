import { showCertainty, showConcepts } from "../concept_chips.ts";
import type { Speech, TextName } from "../language/speech.ts";
import type { Photo, State } from "../photo.ts";
import { advise } from "../problem.ts";

/** The actions for the photo of a card. */
export type CardAction = "look" | "copy" | "retry" | "remove";

/** The parts of the grid that a card uses. */
export interface CardParts {
  speech(): Speech;
  /** Called if a person chose an action for the photo. */
  act(action: CardAction, photo: Photo): void;
  /** Called after a person changed the text. */
  edited(photo: Photo): void;
}

const stateNames: Readonly<Record<State, TextName>> = {
  waiting: "stateWaiting",
  working: "stateWorking",
  done: "stateDone",
  unsure: "stateUnsure",
  failed: "stateFailed",
};

/** A photo of the grid: its picture, its editable text, what it shows, and its state. */
export class Card {
  readonly root = made("li", "card");
  readonly #photo: Photo;
  readonly #parts: CardParts;
  readonly #look = made("button", "thumbnail");
  readonly #image = made("img");
  readonly #name = made("h3");
  readonly #state = made("p", "state");
  readonly #problem = made("p", "problem");
  readonly #text = made("textarea");
  readonly #certainty = made("p", "certainty");
  readonly #concepts = made("ul", "concepts");
  readonly #copy = made("button");
  readonly #retry = made("button");
  readonly #remove = made("button");

  constructor(photo: Photo, parts: CardParts) {
    this.#photo = photo;
    this.#parts = parts;
    this.#name.append(Object.assign(made("bdi"), { textContent: photo.name, title: photo.path }));
    Object.assign(this.#image, { src: photo.address, alt: "", loading: "lazy", decoding: "async" });
    // If the browser cannot show the photo, its place stays empty.
    this.#image.addEventListener("error", () => this.#image.remove());
    this.#look.append(this.#image);
    Object.assign(this.#text, { lang: "en", rows: 3, spellcheck: true });
    this.#text.addEventListener("input", () => this.#edit());
    const actions = made("div", "actions");
    for (const [button, action] of [
      [this.#look, "look"],
      [this.#copy, "copy"],
      [this.#retry, "retry"],
      [this.#remove, "remove"],
    ] as const) {
      button.type = "button";
      button.addEventListener("click", () => parts.act(action, photo));
      if (button !== this.#look) actions.append(button);
    }
    const standing = made("div", "standing");
    standing.append(this.#state, this.#certainty);
    this.root.append(this.#look, this.#name, standing, this.#problem, this.#text, this.#concepts, actions);
    this.update();
  }

  /** Shows the current state of the photo. */
  update(): void {
    const photo = this.#photo;
    const speech = this.#parts.speech();
    const { state, path, caption } = photo;
    this.root.dataset["state"] = state;
    this.root.ariaBusy = String(state === "working");
    this.#look.ariaLabel = speech.say("lookCloser", { name: path });
    this.#showState();
    this.#problem.hidden = state !== "failed";
    this.#problem.textContent = photo.problem === undefined ? "" : advise(photo.problem, speech).text;
    // Not while a person writes in it: setting it would move the cursor.
    if (this.#text.value !== photo.text) this.#text.value = photo.text;
    this.#text.ariaLabel = speech.say("captionOf", { name: path });
    // A failed photo can still get a text by hand.
    this.#text.hidden = state === "waiting" || state === "working";
    const known = { concepts: [], ...caption };
    showCertainty(this.#certainty, known, speech);
    this.#state.title = this.#certainty.title;
    // The state says this already.
    if (state === "unsure") this.#certainty.hidden = true;
    showConcepts(this.#concepts, known, speech);
    this.#label(this.#copy, "copy", "copyOf");
    this.#copy.hidden = photo.text === "";
    this.#label(this.#retry, "tryAgain", "tryAgainOf");
    this.#retry.hidden = state !== "failed";
    this.#label(this.#remove, "remove", "removeOf");
  }

  /** Puts the focus on the button that opens the photo, or on the one that removes it. */
  focus(on: "look" | "remove"): void {
    (on === "look" ? this.#look : this.#remove).focus();
  }

  #edit(): void {
    const { value } = this.#text;
    this.#photo.edited = value === (this.#photo.caption?.caption ?? "") ? undefined : value;
    this.update();
    this.#parts.edited(this.#photo);
  }

  #showState(): void {
    const speech = this.#parts.speech();
    const { state, edited } = this.#photo;
    this.#state.textContent = speech.say(edited !== undefined && state !== "working" ? "edited" : stateNames[state]);
  }

  #label(button: HTMLButtonElement, text: TextName, label: TextName): void {
    const speech = this.#parts.speech();
    button.textContent = speech.say(text);
    button.ariaLabel = speech.say(label, { name: this.#photo.path });
  }
}

function made<Name extends keyof HTMLElementTagNameMap>(name: Name, className = ""): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  return element;
}
