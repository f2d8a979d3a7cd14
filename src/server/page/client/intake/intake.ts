import { Camera } from "../camera.ts";
import { element } from "../element.ts";
import type { TextName } from "../language/speech.ts";
import { chosen, type Entry, type Incoming, type LeftOut, walk } from "./gather.ts";

/** Receives added files. */
export interface IntakeParts {
  /** Called with the files of one drop, paste, choice or shot, and with those that could not be read. */
  take(incoming: readonly Incoming[], leftOut: LeftOut[]): void;
  /** Called with a message to show to a person. */
  tell(message: TextName): void;
  /** Whether a click on the empty stage chooses photos. */
  empty(): boolean;
}

/** Adds photos in every way: dialogs for photos and folders, the camera, dropping and pasting. */
export function takeIn(parts: IntakeParts): void {
  const camera = new Camera((blob) => {
    const time = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
    parts.take(chosen([new File([blob], `camera ${time}.jpg`, { type: blob.type })]), []);
  });
  const fields = (["file", "folder", "capture"] as const).map((id) => element(id, HTMLInputElement));
  const [file, folder, capture] = fields as [HTMLInputElement, HTMLInputElement, HTMLInputElement];
  for (const field of fields) {
    field.addEventListener("change", () => {
      parts.take(chosen(field.files ?? []), []);
      // So that the same file can be chosen again.
      field.value = "";
    });
  }
  element("pick", HTMLButtonElement).addEventListener("click", () => file.click());
  const pickFolder = element("pick-folder", HTMLButtonElement);
  pickFolder.addEventListener("click", () => folder.click());
  // Phones often cannot choose a folder.
  pickFolder.hidden = !("webkitdirectory" in folder);
  element("camera", HTMLButtonElement).addEventListener("click", async () => {
    if (!Camera.available) {
      // A phone opens its own camera for this field, even if the page may not use one.
      capture.click();
      return;
    }
    const trouble = await camera.open();
    if (trouble) parts.tell(trouble);
  });
  element("stage", HTMLDivElement).addEventListener("click", () => {
    if (parts.empty()) file.click();
  });
  takeDropped(parts);
}

function takeDropped(parts: IntakeParts): void {
  const dragging = (on: boolean) => document.body.classList.toggle("dragging", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    dragging(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) dragging(false);
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    dragging(false);
    // Read both before the first await: the browser empties them after the event.
    const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry() as Entry | null);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (entries.length > 0 && entries.every((entry) => entry !== null)) {
      const leftOut: LeftOut[] = [];
      parts.take(await walk(entries, leftOut), leftOut);
    } else if (files.length > 0) parts.take(chosen(files), []);
    else parts.tell("noFile");
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    parts.take(chosen(files), []);
  });
}
