/** A page's script: it loads the model from `edgecap/`, and captions the chosen picture. */
import { load } from "edgecap";

const input = document.querySelector("input")!;
const output = document.querySelector("output")!;

const captioner = await load({ assets: "edgecap" });
output.textContent = "Ready.";

input.addEventListener("change", async () => {
  const photo = input.files?.[0];
  if (photo !== undefined) output.textContent = (await captioner.caption(photo)).caption;
});
