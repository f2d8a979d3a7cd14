import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { assetNames, ortWasmBinary, ortWasmPaths, ortWebgpuFiles, readAsset } from "#assets";
import { type BundleSource, defaultBundle, loadBundle } from "../bundle/load_bundle.ts";
import { writeBundle } from "../bundle/write_bundle.ts";
import { unwritable } from "../errors.ts";
import { writeAtomically } from "../files/atomic_write.ts";
import { makeFolder } from "../files/make_folder.ts";
import { ownBundleFlag } from "./bundle_flag.ts";

/** Adds `edgecap assets`. */
export function registerAssets(program: Command): void {
  program
    .command("assets")
    .description("Write the files that a web page needs to caption by itself: WebAssembly and a bundle.")
    .argument("<dir>", "folder to write to; serve it as edgecap/ beside the page's script")
    .option(...ownBundleFlag)
    .option("--webgpu", "also write the 27 MB that the backend webgpu needs")
    .addHelpText("after", "\nExample:\n  edgecap assets public/edgecap")
    .action(assets);
}

async function assets(dir: string, { bundle, webgpu }: { bundle?: string; webgpu?: boolean }): Promise<void> {
  const { mjs, wasm } = ortWasmPaths();
  const files: [string, Uint8Array][] = [
    ...(await Promise.all(assetNames.map(async (name) => [name, await readAsset(name)] as [string, Uint8Array]))),
    ["ort-wasm-simd-threaded.mjs", await bytesAt(mjs)],
    ["ort-wasm-simd-threaded.wasm", new Uint8Array((await ortWasmBinary()) ?? (await bytesAt(wasm)))],
  ];
  if (webgpu === true) {
    const { wasmPaths, wasmBinary } = await ortWebgpuFiles();
    files.push(
      ["ort-wasm-simd-threaded.asyncify.mjs", await bytesAt(wasmPaths!.mjs!)],
      ["ort-wasm-simd-threaded.asyncify.wasm", new Uint8Array(wasmBinary!)],
    );
  }
  await makeFolder(dir);
  try {
    for (const [name, bytes] of files) await writeAtomically(join(dir, name), bytes);
  } catch (cause) {
    throw unwritable(dir, cause);
  }
  const source: BundleSource = bundle ?? defaultBundle;
  const { manifest, files: contents } = await loadBundle(source);
  const { files: _, ...description } = manifest;
  const written = await writeBundle(join(dir, "default"), description, contents);
  const parts = Object.values(written.files).map(({ path }) => `default/${path}`);
  for (const name of [...files.map(([file]) => file), ...parts, "default/manifest.json"]) {
    process.stdout.write(`${join(dir, name)}\n`);
  }
}

/** The bytes of a file by its path or its `file:` URL. */
async function bytesAt(file: string): Promise<Uint8Array> {
  // Bun 1.3 gives the script's path with a query.
  return await readFile(file.startsWith("file:") ? fileURLToPath(file) : file.replace(/\?script$/, ""));
}
