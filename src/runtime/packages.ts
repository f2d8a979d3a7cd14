/**
 * The optional packages behind backends. Imported as `#packages`, which package.json maps to this file or, in a browser,
 * to packages_browser.ts; both export the same.
 */
import type * as OnnxruntimeNode from "onnxruntime-node";
import type * as Webgpu from "webgpu";

// Not literals, so that a bundler neither misses the packages nor carries them.
const names: Readonly<Record<"native" | "webgpu", string>> = { native: "onnxruntime-node", webgpu: "webgpu" };

/** The package onnxruntime-node. @throws where it is not installed or does not load. */
export async function importOnnxruntimeNode(): Promise<typeof OnnxruntimeNode> {
  const imported: typeof OnnxruntimeNode & { readonly default?: typeof OnnxruntimeNode } = await import(names.native);
  return imported.InferenceSession === undefined ? imported.default! : imported;
}

/** The package webgpu. @throws where it is not installed or does not load. */
export async function importWebgpu(): Promise<typeof Webgpu> {
  return await import(names.webgpu);
}
