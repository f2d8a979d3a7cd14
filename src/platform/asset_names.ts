/** The WebAssembly modules of edgecap's own, named after their crates in crates/; the engine has two builds. */
export const assetNames = ["text.wasm", "image.wasm", "engine_dot16.wasm", "engine_relaxed.wasm"] as const;

/** One of them. */
export type AssetName = (typeof assetNames)[number];

/** Files of onnxruntime-web; if left out, it finds them by itself. */
export interface OrtFiles {
  readonly wasmPaths?: { mjs?: string; wasm: string };
  readonly wasmBinary?: ArrayBuffer;
}
