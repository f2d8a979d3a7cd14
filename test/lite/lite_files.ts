import { readFile } from "node:fs/promises";
import type { LiteModules } from "../../src/lite/mod.ts";

const root = new URL("../../", import.meta.url);

/** Reads a file of the default bundle. */
export async function bundleFile(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`models/default/${path}`, root)));
}

const bytes = async (path: string) => new Uint8Array(await readFile(new URL(`crates/${path}`, root)));

/** edgecap's WebAssembly, as functions that read it. */
export const modules: LiteModules = {
  text: () => bytes("text/pkg/edgecap_text_bg.wasm"),
  image: () => bytes("image/pkg/edgecap_image_bg.wasm"),
  engineRelaxed: () => bytes("engine/pkg/relaxed.wasm"),
  engineDot16: () => bytes("engine/pkg/dot16.wasm"),
};
