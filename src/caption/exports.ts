/** What both `edgecap` and `edgecap/lite` export. */
export type { Manifest } from "../bundle/manifest.ts";
export type { LoadProgress } from "../bundle/open_bundle.ts";
export type { Concept } from "../concepts/likely_concepts.ts";
export { EdgecapError, type ErrorCode } from "../errors.ts";
export type { BackendName } from "../runtime/backend.ts";
export { sentence } from "../text/sentence.ts";
export type {
  Alternative,
  Caption,
  CaptionEvent,
  CaptionedImage,
  CaptionTiming,
  CaptionWord,
} from "./caption.ts";
export { Captioner } from "./captioner.ts";
export type { CaptionEngine } from "./engine.ts";
export type { ImageSource } from "./image_source.ts";
export type { CaptionOptions, CaptionSettings } from "./options.ts";
