import { type BundleSource, defaultBundle } from "./bundle/load_bundle.ts";
import { type LoadOptions, load } from "./captioner.ts";
import type { CaptionEngine } from "./engine.ts";

const transformers = "transformers:";

/**
 * Loads what captions pictures: a bundle, as {@linkcode load} does, or with `transformers:PATH` the model in a local
 * folder by the package `@huggingface/transformers`, which is imported only then.
 *
 * @throws {EdgecapError} As {@linkcode load} does.
 */
export async function loadEngine(
  bundle: BundleSource = defaultBundle,
  options: LoadOptions = {},
): Promise<CaptionEngine> {
  if (typeof bundle !== "string" || !bundle.startsWith(transformers)) return load(bundle, options);
  const { loadTransformers } = await import("./engines/transformers.ts");
  return loadTransformers(bundle.slice(transformers.length), options);
}
