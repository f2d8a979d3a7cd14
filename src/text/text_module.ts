import { readAsset } from "#assets";
import { startText, type TextModule } from "./text_crate.ts";

/**
 * Loads the text module from edgecap's own files; further calls share it. Await it before the first use of the
 * tokenizer, the vocabulary, the search or a datastore.
 *
 * @throws What reading the file throws; the next call then tries again.
 */
export function textModule(): Promise<TextModule> {
  // Compiled by the runtime's own threads: the calling one would wait for whatever else they compile.
  return startText(async () => await WebAssembly.compile(await readAsset("text.wasm")));
}
