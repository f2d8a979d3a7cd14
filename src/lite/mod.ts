/**
 * edgecap without any dependency: no onnxruntime, no file system, no `eval`. For edge workers with small limits.
 *
 * ```ts ignore
 * import { load } from "edgecap/lite";
 * import engineRelaxed from "edgecap/lite/engine_relaxed.wasm";
 * import image from "edgecap/lite/image.wasm";
 * import text from "edgecap/lite/text.wasm";
 *
 * const captioner = await load({
 *   bundle: (path) => fetch(`https://example.org/bundle/${path}`),
 *   modules: { text, image, engineRelaxed },
 * });
 * const { caption } = await captioner.caption("https://example.org/photo.jpg");
 * ```
 *
 * @module
 */
export type { Manifest } from "../bundle/manifest.ts";
export type { LoadProgress } from "../bundle/open_bundle.ts";
export type {
  Alternative,
  Caption,
  CaptionEvent,
  CaptionedImage,
  CaptionTiming,
  CaptionWord,
} from "../caption/caption.ts";
export { Captioner } from "../caption/captioner.ts";
export type { CaptionEngine } from "../caption/engine.ts";
export type { ImageSource } from "../caption/image_source.ts";
export type { CaptionOptions, CaptionSettings } from "../caption/options.ts";
export type { Concept } from "../concepts/likely_concepts.ts";
export { EdgecapError, type ErrorCode } from "../errors.ts";
export type { BackendName } from "../runtime/backend.ts";
export { sentence } from "../text/sentence.ts";
export type { LiteBundle, LiteOptions } from "./lite_options.ts";
export { load } from "./load_lite.ts";
export type { LiteModules, ModuleSource } from "./modules.ts";
