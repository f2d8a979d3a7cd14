/**
 * edgecap describes pictures in a sentence, on your own machine.
 *
 * ```ts ignore
 * import { load } from "edgecap";
 *
 * await using captioner = await load();
 * const { caption } = await captioner.caption("photo.jpg");
 * ```
 *
 * @module
 */
export type { BundleSource } from "./bundle/load_bundle.ts";
export * from "./caption/exports.ts";
export { load } from "./caption/load.ts";
export type { LoadOptions } from "./caption/load_options.ts";
export { loadEngine } from "./engines/load_engine.ts";
export type { BackendChoice } from "./runtime/backend.ts";
