/**
 * Compiles one executable, in its own process because Bun's bundler has to work from the repository's root.
 *
 * usage: bun scripts/build/compile_process.ts OUT TARGET|- DEFINITION ENTRY...
 */
import { readFile } from "node:fs/promises";
import { constants, zstdCompressSync } from "node:zlib";
import type { BunPlugin } from "bun";

/**
 * onnxruntime-web's module shrinks to a fifth, the image module to a third, the datastore to half, the 8-bit encoder
 * by a seventh and the decoder by a twelfth; all are unpacked at the same time, the largest in some 40 ms.
 */
const packLarge: BunPlugin = {
  name: "pack-large-files",
  setup(build) {
    build.onLoad(
      {
        filter: /(ort-wasm-simd-threaded\.wasm|edgecap_image_bg\.wasm|\.onnx|\.safetensors)$/,
      },
      async ({ path }) => ({
        contents: zstdCompressSync(await readFile(path), { params: { [constants.ZSTD_c_compressionLevel]: 19 } }),
        loader: "file",
      }),
    );
  },
};

const [outfile, target, definition, ...entrypoints] = process.argv.slice(2) as [string, string, string, ...string[]];
const { success, logs } = await Bun.build({
  entrypoints,
  compile: { outfile, ...(target !== "-" && { target: target as Bun.Build.CompileTarget }) },
  format: "esm",
  // Each verb is loaded when it is used: all of them together take 40 ms.
  splitting: true,
  // CommonJS packages would contain the path of the folder that they were built in.
  define: { EDGECAP_BUILD: definition, __dirname: '"/$bunfs/root"', __filename: '"/$bunfs/root/edgecap"' },
  // Optional packages are native code, of one system each.
  external: ["onnxruntime-node", "webgpu", "@huggingface/transformers"],
  plugins: [packLarge],
  // Names stay, so that stack traces can be read. With folded expressions, the bundle would include optional packages
  // that the code only looks for.
  minify: { whitespace: true, syntax: false, identifiers: false },
  throw: false,
});
for (const log of logs) console.error(String(log));
process.exitCode = success ? 0 : 1;
