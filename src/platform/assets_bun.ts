/**
 * Locations of the WebAssembly files on Bun. They are imported as files, so that `bun build --compile` puts them into
 * the executable. Exports the same as assets.ts.
 */
import { readFile } from "node:fs/promises";
import ortScript from "onnxruntime-web/ort-wasm-simd-threaded.mjs" with { type: "file" };
import ortModule from "onnxruntime-web/ort-wasm-simd-threaded.wasm" with { type: "file" };
import engineDot16 from "../../crates/engine/pkg/dot16.wasm" with { type: "file" };
import engineRelaxed from "../../crates/engine/pkg/relaxed.wasm" with { type: "file" };
import imageWasm from "../../crates/image/pkg/edgecap_image_bg.wasm" with { type: "file" };
import textWasm from "../../crates/text/pkg/edgecap_text_bg.wasm" with { type: "file" };
import concepts from "../../models/default/concepts.txt" with { type: "file" };
import datastore from "../../models/default/datastore.safetensors" with { type: "file" };
import decoderInit from "../../models/default/decoder_init.onnx" with { type: "file" };
import decoderStep from "../../models/default/decoder_step.onnx" with { type: "file" };
import encoder from "../../models/default/encoder.onnx" with { type: "file" };
import manifest from "../../models/default/manifest.json" with { type: "file" };
import vocabulary from "../../models/default/vocabulary.txt" with { type: "file" };
import fastManifest from "../../models/fast/manifest.json" with { type: "file" };
import { release } from "../files/release.ts";
import type { AssetName, OrtFiles } from "./asset_names.ts";
import { assetsFolder, chooseAssetsFolder } from "./assets_folder.ts";
import { localFolder } from "./local_folder.ts";

export { type AssetName, assetNames, type OrtFiles } from "./asset_names.ts";

const locations: Readonly<Record<AssetName, string>> = {
  "text.wasm": textWasm,
  "image.wasm": imageWasm,
  "engine_dot16.wasm": engineDot16,
  "engine_relaxed.wasm": engineRelaxed,
};

const bundled: Readonly<Record<string, string>> = {
  "default/manifest.json": manifest as unknown as string,
  "default/encoder.onnx": encoder,
  "default/decoder_init.onnx": decoderInit,
  "default/decoder_step.onnx": decoderStep,
  "default/vocabulary.txt": vocabulary,
  "default/datastore.safetensors": datastore,
  "default/concepts.txt": concepts,
  "fast/manifest.json": fastManifest as unknown as string,
};

/** Whether this runs in an executable: Bun's names of embedded files begin like this, the second one on Windows. */
export const isExecutable: boolean = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN)/.test(ortModule);

/** The first bytes of a Zstandard file; scripts/build/compile_process.ts compresses large files with it. */
const packedStart = [0x28, 0xb5, 0x2f, 0xfd];

/** Bytes of an embedded file, decompressed on another thread. */
async function readUnpacked(location: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(location);
  if (!packedStart.every((byte, i) => bytes[i] === byte)) return bytes;
  // Bun's own function takes half the time of node:zlib's, which grows the result step by step.
  const unpacked: Uint8Array = await Bun.zstdDecompress(bytes);
  release(bytes);
  return unpacked as Uint8Array<ArrayBuffer>;
}

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
  return await readUnpacked(locations[name]);
}

/** The bundles that come with edgecap, by name. */
export const includedBundles: Readonly<Record<string, URL>> = {
  default: new URL("../../models/default/", import.meta.url),
  fast: new URL("../../models/fast/", import.meta.url),
};

/** The bytes of a file of an included bundle; `../NAME/FILE` is a file of another one. */
export async function readIncludedBundle(name: string, path: string): Promise<Uint8Array> {
  const location = bundled[path.startsWith("../") ? path.slice(3) : `${name}/${path}`];
  if (location === undefined) throw new Error(`no "${path}" among ${Object.keys(bundled).join(", ")}`);
  return await readUnpacked(location);
}

/**
 * Whether imports of a module get the name of its file, because it was also imported as a file, like {@link ortScript}:
 * until Bun 1.4, unless the import's path differs.
 */
const mixesImports = /^1\.3\./.test(Bun.version);

/** Locations of onnxruntime-web's script and module, for its `env.wasm.wasmPaths`. */
export function ortWasmPaths(): { mjs: string; wasm: string } {
  const folder = assetsFolder();
  if (folder === undefined) {
    const mjs = mixesImports && !isExecutable ? `${ortScript}?script` : ortScript;
    return { mjs, wasm: ortModule };
  }
  const place = (name: string) => new URL(name, folder).href;
  return { mjs: place("ort-wasm-simd-threaded.mjs"), wasm: place("ort-wasm-simd-threaded.wasm") };
}

/** The module itself in an executable, where it is compressed; elsewhere onnxruntime-web reads the file. */
export async function ortWasmBinary(): Promise<ArrayBuffer | undefined> {
  if (!isExecutable || assetsFolder() !== undefined) return undefined;
  const { buffer, byteOffset, byteLength } = await readUnpacked(ortModule);
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

/**
 * The WebAssembly that onnxruntime-web needs for WebGPU, for its `env.wasm`. Executables lack it, because it would
 * double their size.
 */
export async function ortWebgpuFiles(): Promise<OrtFiles> {
  const folder = assetsFolder();
  const place = (name: string) =>
    folder === undefined ? import.meta.resolve(`onnxruntime-web/${name}`) : new URL(name, folder).href;
  const wasm = place("ort-wasm-simd-threaded.asyncify.wasm");
  return {
    wasmPaths: { mjs: place("ort-wasm-simd-threaded.asyncify.mjs"), wasm },
    wasmBinary: await readFile(new URL(wasm)).then(
      ({ buffer, byteOffset, byteLength }) => buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
    ),
  };
}
