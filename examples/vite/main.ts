/** The page's script: it loads the model from `public/edgecap`, and captions the chosen picture. */
import { EdgecapError, load } from "edgecap";

const input = document.querySelector("input")!;
const status = document.querySelector("#status")!;
const output = document.querySelector("output")!;

const captioner = await load({
  assets: "/edgecap",
  onProgress: ({ loaded, total }) => {
    status.textContent = `Loading the model: ${Math.floor((100 * loaded) / total)} %`;
  },
});
status.textContent = "Ready.";

input.addEventListener("change", async () => {
  const photo = input.files?.[0];
  if (photo === undefined) return;
  try {
    output.textContent = (await captioner.caption(photo)).caption;
    status.textContent = "Done.";
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    status.textContent = error.message;
  }
});
