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
export type { Manifest } from "./bundle/manifest.ts";
export type { LoadProgress } from "./bundle/open_bundle.ts";
export type {
  Alternative,
  Caption,
  CaptionEvent,
  CaptionedImage,
  CaptionTiming,
  CaptionWord,
} from "./caption/caption.ts";
export { Captioner } from "./caption/captioner.ts";
export type { CaptionEngine } from "./caption/engine.ts";
export type { ImageSource } from "./caption/image_source.ts";
export { load } from "./caption/load.ts";
export type { LoadOptions } from "./caption/load_options.ts";
export type { CaptionOptions, CaptionSettings } from "./caption/options.ts";
export type { Concept } from "./concepts/likely_concepts.ts";
export { loadEngine } from "./engines/load_engine.ts";
export { EdgecapError, type ErrorCode } from "./errors.ts";
export type { BackendChoice, BackendName } from "./runtime/backend.ts";
export { sentence } from "./text/sentence.ts";
