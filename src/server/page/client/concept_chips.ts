import type { Caption } from "../../../caption/caption.ts";
import { certaintyOf } from "./certainty.ts";
import type { Speech } from "./language/speech.ts";

/** The nouns that the model recognised in a photo, each as a chip; they are English. */
export function showConcepts(list: HTMLUListElement, { concepts }: Pick<Caption, "concepts">, speech: Speech): void {
  list.replaceChildren(
    ...concepts.map(({ name, probability }) =>
      Object.assign(document.createElement("li"), {
        textContent: name,
        title: speech.percent(probability),
        lang: "en",
      }),
    ),
  );
  list.hidden = concepts.length === 0;
}

/** Says how sure the model is of its sentence. @returns The same as text; empty if the model cannot tell. */
export function showCertainty(line: HTMLElement, { confidence }: Pick<Caption, "confidence">, speech: Speech): string {
  const words = confidence === undefined ? "" : speech.say(certaintyOf(confidence));
  line.textContent = words;
  line.title = confidence === undefined ? "" : speech.say("chance", { chance: speech.percent(confidence) });
  line.hidden = words === "";
  return words;
}
