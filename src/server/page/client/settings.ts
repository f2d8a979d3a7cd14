import type { Query } from "./caption_stream.ts";
import { element } from "./element.ts";

/** The settings' form. */
export class Settings {
  readonly #form = element("settings", HTMLFormElement);
  readonly #alternatives = element("alternatives-count", HTMLInputElement);
  readonly #care = element("care", HTMLSelectElement);
  readonly #maxWords = element("max-words", HTMLInputElement);
  readonly #temperature = element("temperature", HTMLInputElement);

  /** @param onChange Called after a setting was changed to a valid value. */
  constructor(onChange: () => void) {
    const shown = element("temperature-value", HTMLOutputElement);
    this.#temperature.addEventListener("input", () => {
      shown.value = this.#temperature.value;
      this.#care.disabled = this.#sampled;
    });
    this.#form.addEventListener("change", () => {
      if (this.#form.reportValidity()) onChange();
    });
    this.#form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** The settings as the API accepts them: an empty one means the bundle's default. */
  query(): Query {
    const { value: beams } = this.#care;
    const { value: maxWords } = this.#maxWords;
    return {
      alternatives: this.#alternatives.value,
      ...(maxWords !== "" && { maxWords }),
      ...(beams !== "" && !this.#sampled && { beams }),
      // The same seed would draw the same words again.
      ...(this.#sampled && { temperature: this.#temperature.value, seed: String(Math.floor(Math.random() * 2 ** 31)) }),
    };
  }

  get #sampled(): boolean {
    return Number(this.#temperature.value) > 0;
  }
}
