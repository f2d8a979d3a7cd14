import type { Caption } from "../../../caption/caption.ts";
import { certaintyOf, percent } from "./certainty.ts";
import { element } from "./element.ts";

/** Says how sure the model is of its sentence, and shows what it recognised, each noun as a chip. */
export class ConceptChips {
  readonly #certainty = element("certainty", HTMLParagraphElement);
  readonly #chips = element("concepts", HTMLUListElement);

  /** Takes all away. */
  clear(): void {
    this.#certainty.hidden = true;
    this.#chips.hidden = true;
  }

  /** Shows those of a caption. @returns How sure the model is, as a sentence; nothing if it cannot tell. */
  show({ confidence, concepts }: Pick<Caption, "confidence" | "concepts">): string {
    const words = confidence === undefined ? "" : this.#say(confidence);
    this.#chips.replaceChildren(...concepts.map(({ name, probability }) => chip(name, percent(probability))));
    this.#chips.hidden = concepts.length === 0;
    return words;
  }

  #say(confidence: number): string {
    const certainty = certaintyOf(confidence);
    const words = certainty === "a guess" ? "This is a guess." : `The model is ${certainty}.`;
    this.#certainty.textContent = words;
    this.#certainty.title = `Chance that the sentence is right: ${percent(confidence)}`;
    this.#certainty.hidden = false;
    return words;
  }
}

function chip(name: string, chance: string): HTMLLIElement {
  return Object.assign(document.createElement("li"), { textContent: name, title: chance });
}
