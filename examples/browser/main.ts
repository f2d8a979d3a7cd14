/** The page's script: it loads the model once, and captions the chosen picture. */
import { EdgecapError, load } from "edgecap";

const input = document.querySelector("input")!;
const status = document.querySelector("#status")!;
const picture = document.querySelector("img")!;
const output = document.querySelector("output")!;

await navigator.serviceWorker?.register("service_worker.js", { type: "module" });

const captioner = await load();
status.textContent = "Ready.";

input.addEventListener("change", async () => {
  const photo = input.files?.[0];
  if (photo === undefined) return;
  URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(photo);
  picture.hidden = false;
  status.textContent = "Looking…";
  try {
    const { caption } = await captioner.caption(photo);
    output.textContent = caption;
    picture.alt = caption;
    status.textContent = "Done.";
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    status.textContent = error.message;
  }
});
