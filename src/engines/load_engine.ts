import type { CaptionEngine } from "../caption/engine.ts";
import { load } from "../caption/load.ts";
import type { LoadOptions } from "../caption/load_options.ts";

const transformers = "transformers:";

/**
 * Loads an engine: a bundle, as {@linkcode load} does, or, if `bundle` is `transformers:PATH`, the model in
 * a local folder with the package `@huggingface/transformers`, which is imported only then.
 *
 * @throws {EdgecapError} As {@linkcode load} does.
 * @example
 * ```ts
 * import { loadEngine } from "edgecap";
 *
 * await using engine = await loadEngine({ bundle: "fast" });
 * console.log(engine.name, (await engine.caption("examples/coffee.jpg")).caption);
 * ```
 */
export async function loadEngine(options: LoadOptions = {}): Promise<CaptionEngine> {
  const { bundle } = options;
  if (typeof bundle !== "string" || !bundle.startsWith(transformers)) return load(options);
  // Imported only here, and by a name that maps to another file in a browser, because it reads files.
  const { loadTransformers } = await import("#transformers");
  return loadTransformers(bundle.slice(transformers.length), options);
}
