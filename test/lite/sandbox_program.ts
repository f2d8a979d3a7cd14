/** The program that test/lite/sandbox_long_bun_test.ts bundles, to caption in a sandbox. */
import { type ImageSource, load, type ModuleSource } from "../../src/lite/mod.ts";

/** Loads a bundle, captions a picture, and gives the caption as JSON, without its timing. */
export async function captionOf(
  read: (path: string) => Promise<Response | ArrayBuffer | Uint8Array>,
  module: (name: string) => ModuleSource,
  picture: ImageSource,
): Promise<string> {
  const captioner = await load({
    bundle: read,
    modules: {
      text: module("text.wasm"),
      image: module("image.wasm"),
      engineRelaxed: module("engine_relaxed.wasm"),
      engineDot16: module("engine_dot16.wasm"),
    },
  });
  const { timing: _, ...said } = await captioner.caption(picture, { beams: 3 });
  await captioner[Symbol.asyncDispose]();
  return JSON.stringify(said);
}
