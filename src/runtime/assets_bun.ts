/**
 * Where the WebAssembly files are, on Bun: imported as files, so that `bun build --compile` takes them into the
 * executable. Exports the same as assets.ts.
 */
import { readFile } from "node:fs/promises";
import ortScript from "onnxruntime-web/ort-wasm-simd-threaded.mjs" with { type: "file" };
import ortModule from "onnxruntime-web/ort-wasm-simd-threaded.wasm" with { type: "file" };
import textModule from "../../wasm/pkg/edgecap_wasm_bg.wasm" with { type: "file" };
import imageModule from "../../wasm-image/pkg/edgecap_wasm_image_bg.wasm" with { type: "file" };
import type { AssetName } from "./assets.ts";

export type { AssetName } from "./assets.ts";

const locations: Readonly<Record<AssetName, string>> = { "text.wasm": textModule, "image.wasm": imageModule };

/** The bytes of one of edgecap's WebAssembly modules. */
export async function readAsset(name: AssetName): Promise<Uint8Array<ArrayBuffer>> {
  return await readFile(locations[name]);
}

/** Where onnxruntime-web's script and module are, for its `env.wasm.wasmPaths`. */
export function ortWasmPaths(): { mjs: string; wasm: string } {
  return { mjs: ortScript, wasm: ortModule };
}
