/**
 * Where the WebAssembly files are, in a browser: in the folder `edgecap` beside the script that edgecap is bundled into,
 * where `edgecap assets` puts them. Exports the same as assets.ts.
 */
import type { AssetName, OrtFiles } from "./assets.ts";

export type { AssetName, OrtFiles } from "./assets.ts";

/** A file of that folder. Computed, so that no bundler looks for it. */
function place(path: string): URL {
  return new URL(["edgecap", path].join("/"), new URL("./", import.meta.url));
}

/** The bytes of one of edgecap's WebAssembly modules. */
export async function readAsset(name: AssetName): Promise<Uint8Array<ArrayBuffer>> {
  const url = place(name);
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(
      `${url.href} answered ${response.status}: run "edgecap assets DIR" and serve DIR beside the script.`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** Whether this runs in an executable made of edgecap. */
export const isExecutable = false;

/** The bundles that come with edgecap, by name: a page has the one that `edgecap assets` wrote. */
export const includedBundles: Readonly<Record<string, URL>> = { default: place("default/") };

/** A page has nothing inside: that bundle is fetched and kept as any other. */
export const readIncludedBundle: ((name: string, path: string) => Promise<Uint8Array>) | undefined = undefined;

/** Where onnxruntime-web's module is, for its `env.wasm.wasmPaths`; its script is bundled. */
export function ortWasmPaths(): { mjs?: string; wasm: string } {
  return { wasm: place("ort-wasm-simd-threaded.wasm").href };
}

/** The module itself, where it stands in no file of its own. */
export async function ortWasmBinary(): Promise<ArrayBuffer | undefined> {
  return undefined;
}

/** What onnxruntime-web's WebGPU needs, for its `env.wasm`; its script is bundled. */
export async function ortWebgpuFiles(): Promise<OrtFiles> {
  return { wasmPaths: { wasm: place("ort-wasm-simd-threaded.asyncify.wasm").href } };
}
