import { readAsset } from "#assets";
import { type ImageModule, startImage } from "./image_crate.ts";

/** The image module, compiled from edgecap's own files. */
export function imageModule(): Promise<ImageModule> {
  return startImage(async () => await WebAssembly.compile(await readAsset("image.wasm")));
}
