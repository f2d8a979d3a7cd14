/** The page's script: a photo comes in by any way, goes to the server, and its caption is shown word by word. */
import type { Caption } from "../../../caption/caption.ts";
import { Camera } from "./camera.ts";
import { captionStream } from "./caption_stream.ts";
import { ConceptChips } from "./concept_chips.ts";
import { copyText } from "./copy_text.ts";
import { element } from "./element.ts";
import { advise, Problem } from "./problem.ts";
import { Settings } from "./settings.ts";
import { uploadOf } from "./upload.ts";
import { WordRow } from "./word_row.ts";

const stage = element("stage", HTMLDivElement);
const figure = element("figure", HTMLElement);
const frame = element("frame", HTMLDivElement);
const hint = element("hint", HTMLDivElement);
const photo = element("photo", HTMLImageElement);
const result = element("result", HTMLElement);
const status = element("status", HTMLParagraphElement);
const actions = element("actions", HTMLDivElement);
const alternatives = element("alternatives", HTMLElement);
const alternativesList = element("alternatives-list", HTMLOListElement);
const errorBox = element("error", HTMLDivElement);
const errorText = element("error-text", HTMLParagraphElement);
const retry = element("retry", HTMLButtonElement);
const tokenForm = element("token-form", HTMLFormElement);
const token = element("token", HTMLInputElement);
const words = new WordRow();
const chips = new ConceptChips();
const settings = new Settings(() => captionAgain());
const camera = new Camera((taken) => take(taken));

/** The photo that is shown, as it is sent. */
let upload: Blob | undefined;
let sentence = "";
let running = new AbortController();
/** Bundles whose decoder has no attention refuse to map it. */
let attends = true;

/** Shows a photo and captions it. */
async function take(file: Blob): Promise<void> {
  const signal = begin();
  URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(file);
  photo.alt = "Your photo";
  const shown = await photo.decode().then(
    () => true,
    () => false,
  );
  if (signal.aborted) return;
  figure.hidden = !shown;
  hint.hidden = shown;
  stage.classList.toggle("filled", shown);
  if (shown) frame.style.setProperty("--ratio", String(photo.naturalWidth / photo.naturalHeight));
  upload = await uploadOf(file, photo);
  if (!signal.aborted) await captionAgain();
}

/** Clears the last result away and waits for the next. @returns What is aborted where something newer begins. */
function begin(): AbortSignal {
  running.abort();
  running = new AbortController();
  words.clear();
  chips.clear();
  errorBox.hidden = true;
  alternatives.hidden = true;
  result.classList.add("busy");
  result.ariaBusy = "true";
  status.textContent = "Looking at the photo…";
  return running.signal;
}

/** Captions the photo that is shown, with the settings as they are. */
async function captionAgain(): Promise<void> {
  if (upload === undefined) return;
  const signal = begin();
  try {
    const query = { ...settings.query(), ...(attends && { attention: "true" }) };
    for await (const progress of captionStream(upload, query, storedToken(), signal)) {
      if (signal.aborted) return;
      if (progress.type === "word") words.add(progress.word);
      else finish(progress.caption);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (
      error instanceof Problem &&
      error.code === "option-invalid" &&
      attends &&
      error.message.startsWith("attention")
    ) {
      attends = false;
      await captionAgain();
      return;
    }
    fail(error);
  } finally {
    if (!signal.aborted) {
      result.classList.remove("busy");
      result.ariaBusy = "false";
    }
  }
}

function finish(caption: Caption): void {
  sentence = caption.caption;
  photo.alt = sentence;
  words.settle(caption.words);
  const certainty = chips.show(caption);
  const { imageMs, encodeMs, generateMs } = caption.timing;
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.textContent = `Caption: ${sentence}. ${certainty} `;
  const seconds = ((imageMs + encodeMs + generateMs) / 1000).toFixed(2);
  status.replaceChildren(spoken, `Done in ${seconds} seconds.`);
  actions.hidden = false;
  alternativesList.replaceChildren(
    ...caption.alternatives.map((other) => {
      return Object.assign(document.createElement("li"), { textContent: other.caption });
    }),
  );
  alternatives.hidden = caption.alternatives.length === 0;
}

function fail(error: unknown): void {
  const problem = error instanceof Problem ? error : new Problem("interrupted", String(error));
  const advice = advise(problem);
  status.textContent = "";
  actions.hidden = true;
  tell(advice.text);
  retry.hidden = !advice.retry;
  tokenForm.hidden = problem.status !== 401;
  if (problem.status === 401) token.focus();
}

/** Shows a message, without a way to go on. */
function tell(text: string): void {
  errorText.textContent = text;
  errorBox.hidden = false;
  retry.hidden = true;
  tokenForm.hidden = true;
}

/** The token, kept for as long as the tab is open. */
function storedToken(): string {
  return sessionStorage.getItem("token") ?? "";
}

/** Takes the first picture of what was dropped, pasted or picked. */
function takeFirst(files: Iterable<File> | undefined | null): void {
  const all = [...(files ?? [])];
  const first = all.find((file) => file.type.startsWith("image/")) ?? all[0];
  if (first) take(first);
}

for (const [button, input] of [
  ["pick", "file"],
  ["", "capture"],
] as const) {
  const field = element(input, HTMLInputElement);
  if (button) element(button, HTMLButtonElement).addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    takeFirst(field.files);
    // So that the same file can be picked once more.
    field.value = "";
  });
}
element("camera", HTMLButtonElement).addEventListener("click", async () => {
  if (!Camera.available) {
    // A phone opens its own camera for this field, also where the page may not use one.
    element("capture", HTMLInputElement).click();
    return;
  }
  const trouble = await camera.open();
  if (trouble) tell(trouble);
});

stage.addEventListener("click", () => {
  if (upload === undefined) element("file", HTMLInputElement).click();
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  stage.classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) stage.classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  stage.classList.remove("dragging");
  if (event.dataTransfer?.files.length) takeFirst(event.dataTransfer.files);
  else tell("That was no file. Save the photo first, or copy it and paste it here.");
});
document.addEventListener("paste", (event) => {
  if (!event.clipboardData?.files.length) return;
  event.preventDefault();
  takeFirst(event.clipboardData.files);
});

element("again", HTMLButtonElement).addEventListener("click", () => captionAgain());
retry.addEventListener("click", () => goOn());
element("copy", HTMLButtonElement).addEventListener("click", async () => {
  status.textContent = (await copyText(sentence)) ? "Copied." : "The browser does not let this page copy.";
});
tokenForm.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", token.value);
  token.value = "";
  goOn();
});

/** Captions again after an error, whose box goes away with what had the focus. */
function goOn(): void {
  result.focus();
  captionAgain();
}
