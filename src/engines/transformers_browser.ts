/**
 * Models of transformers.js in a browser, which has no folders to load them from. Exports the same as
 * transformers.ts.
 */
import { EdgecapError } from "../errors.ts";

/** Always throws: a browser has no folders. */
export async function loadTransformers(folder: string): Promise<never> {
  throw new EdgecapError(
    "bundle-missing",
    `A browser cannot read the folder "${folder}" of the bundle "transformers:${folder}": load a bundle of edgecap, or use transformers.js itself.`,
  );
}
