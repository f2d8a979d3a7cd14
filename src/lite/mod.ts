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
export * from "../caption/exports.ts";
export type { LiteBundle, LiteOptions } from "./lite_options.ts";
export { load } from "./load_lite.ts";
export type { LiteModules, ModuleSource } from "./modules.ts";
