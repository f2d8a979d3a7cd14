/**
 * edgecap: a photo goes in, a sentence comes out, on the edge.
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
export type { CaptionOptions } from "./caption_options.ts";
export {
  type Alternative,
  type Caption,
  type CaptionEvent,
  type CaptionedImage,
  Captioner,
  type CaptionTiming,
  type CaptionWord,
  type ImageSource,
  type LoadOptions,
  type LoadProgress,
  load,
} from "./captioner.ts";
export type { Concept } from "./concepts/likely_concepts.ts";
export type { CaptionEngine } from "./engine.ts";
export { EdgecapError, type ErrorCode } from "./errors.ts";
export { loadEngine } from "./load_engine.ts";
export type { BackendChoice, BackendName } from "./runtime/backend.ts";
export { sentence } from "./text/sentence.ts";
