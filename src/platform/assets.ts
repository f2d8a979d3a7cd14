/**
 * Locations of the WebAssembly files on Deno and Node. Imported as `#assets`, which package.json maps to
 * this file, to assets_bun.ts or to assets_browser.ts; all export the same.
 */
import { readFile } from "node:fs/promises";
import type { AssetName, OrtFiles } from "./asset_names.ts";
import { assetsFolder, chooseAssetsFolder } from "./assets_folder.ts";
import { localFolder } from "./local_folder.ts";

export { type AssetName, assetNames, type OrtFiles } from "./asset_names.ts";

const locations: Readonly<Record<AssetName, URL>> = {
  "text.wasm": new URL("../../crates/text/pkg/edgecap_text_bg.wasm", import.meta.url),
  "image.wasm": new URL("../../crates/image/pkg/edgecap_image_bg.wasm", import.meta.url),
  "engine_dot16.wasm": new URL("../../crates/engine/pkg/dot16.wasm", import.meta.url),
  "engine_relaxed.wasm": new URL("../../crates/engine/pkg/relaxed.wasm", import.meta.url),
};

/**
 * Uses the WebAssembly in a folder that `edgecap assets` wrote, given as a path or `file:` URL.
 *
 * @returns The folder as a URL, with a slash at the end.
 * @throws {EdgecapError} `option-invalid` if it is not a folder on this machine, or not the same as before.
 */
export function useAssets(folder: string | URL): URL {
  return chooseAssetsFolder(localFolder(folder));
}

/** The bytes of one of edgecap's WebAssembly modules. */
export async function readAsset(name: AssetName): Promise<Uint8Array<ArrayBuffer>> {
  const folder = assetsFolder();
  if (folder !== undefined) return await readFile(new URL(name, folder));
  return await readFile(locations[name]);
}

/** Whether this runs inside an edgecap executable. */
export const isExecutable = false;

/** The bundles that come with edgecap, by name. */
export const includedBundles: Readonly<Record<string, URL>> = {
  default: new URL("../../models/default/", import.meta.url),
  fast: new URL("../../models/fast/", import.meta.url),
};

/** The bytes of a file of an included bundle; `../NAME/FILE` is a file of another one. */
export async function readIncludedBundle(name: string, path: string): Promise<Uint8Array> {
  return await readFile(new URL(path, includedBundles[name]));
}

/** Locations of onnxruntime-web's script and module, for its `env.wasm.wasmPaths`. */
export function ortWasmPaths(): { mjs: string; wasm: string } {
  return { mjs: ortFile("ort-wasm-simd-threaded.mjs"), wasm: ortFile("ort-wasm-simd-threaded.wasm") };
}

/** The module itself, if it is not a separate file. */
export async function ortWasmBinary(): Promise<ArrayBuffer | undefined> {
  return undefined;
}

/** The WebAssembly that onnxruntime-web needs for WebGPU, for its `env.wasm`. */
export async function ortWebgpuFiles(): Promise<OrtFiles> {
  const wasm = ortFile("ort-wasm-simd-threaded.asyncify.wasm");
  return {
    wasmPaths: { mjs: ortFile("ort-wasm-simd-threaded.asyncify.mjs"), wasm },
    wasmBinary: await readFile(new URL(wasm)).then(({ buffer, byteOffset, byteLength }) =>
      buffer.slice(byteOffset, byteOffset + byteLength),
    ),
  };
}

/** The address of one of its files. */
function ortFile(name: string): string {
  const folder = assetsFolder();
  return folder === undefined ? import.meta.resolve(`onnxruntime-web/${name}`) : new URL(name, folder).href;
}
