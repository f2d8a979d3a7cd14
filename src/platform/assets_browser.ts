/**
 * Locations of the WebAssembly files in a browser: in the folder that `load({ assets })` names, otherwise in the folder
 * `edgecap` beside the script that edgecap is bundled into. `edgecap assets` writes it. Exports the same as assets.ts.
 */
import { EdgecapError } from "../errors.ts";
import type { AssetName, OrtFiles } from "./asset_names.ts";
import { assetsFolder, chooseAssetsFolder } from "./assets_folder.ts";

export { type AssetName, assetNames, type OrtFiles } from "./asset_names.ts";

/** The script that edgecap is bundled into. Kept in a variable so that bundlers do not look for files beside it. */
const script = import.meta.url;

/** A file of that folder. */
function place(path: string): URL {
  return new URL(path, assetsFolder() ?? new URL("edgecap/", script));
}

/**
 * Uses the WebAssembly in another folder that `edgecap assets` wrote.
 *
 * @param folder Its address, relative to the page (in a worker: to the worker's script).
 * @returns The folder as a whole address, with a slash at the end.
 * @throws {EdgecapError} `option-invalid` if it is not an address, or not the same as before.
 */
export function useAssets(folder: string | URL): URL {
  const { document, location } = globalThis as {
    readonly document?: { readonly baseURI: string };
    readonly location?: { readonly href: string };
  };
  const base = document?.baseURI ?? location?.href;
  if (!URL.canParse(String(folder), base))
    throw new EdgecapError(
      "option-invalid",
      `assets is "${folder}": give the address of the folder that "edgecap assets" wrote.`,
    );
  return chooseAssetsFolder(new URL(folder, base));
}

/** The bytes of one of edgecap's WebAssembly modules. */
export async function readAsset(name: AssetName): Promise<Uint8Array<ArrayBuffer>> {
  const url = place(name);
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(
      `${url.href} answered ${response.status}: run "edgecap assets DIR", serve DIR, and pass its address as load({ assets }), unless it is edgecap/ beside the script.`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** Whether this runs inside an edgecap executable. */
export const isExecutable = false;

/** The bundles that come with edgecap, by name; a page has only the one that `edgecap assets` wrote. */
export const includedBundles: Readonly<Record<string, URL>> = { default: place("default/") };

/** A page embeds no bundle: its bundle is fetched and cached like any other. */
export const readIncludedBundle: ((name: string, path: string) => Promise<Uint8Array>) | undefined = undefined;

/** Locations of onnxruntime-web's script and module, for its `env.wasm.wasmPaths`. */
export function ortWasmPaths(): { mjs: string; wasm: string } {
  return { mjs: place("ort-wasm-simd-threaded.mjs").href, wasm: place("ort-wasm-simd-threaded.wasm").href };
}

/** The module itself, if it is not a separate file. */
export async function ortWasmBinary(): Promise<ArrayBuffer | undefined> {
  return undefined;
}

/** The WebAssembly that onnxruntime-web needs for WebGPU, for its `env.wasm`. */
export async function ortWebgpuFiles(): Promise<OrtFiles> {
  const name = "ort-wasm-simd-threaded.asyncify";
  return { wasmPaths: { mjs: place(`${name}.mjs`).href, wasm: place(`${name}.wasm`).href } };
}
