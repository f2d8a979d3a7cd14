/**
 * Compares a backend with `wasm` on real photos: features, first logits and captions.
 *
 * usage: bun scripts/check/check_backends.ts --images DIR [--backend webgpu] [--count 50] [--bundle DIR] [--encoder
 * FILE]
 *
 * `--encoder` replaces the bundle's encoder, for instance by the float32 one of scripts/model/encoder.ts: an 8-bit one
 * rounds values between two steps in either direction. On Deno: deno run -A --unstable-webgpu --no-check ...
 * Exit status: 0 if every caption is the same, and features and logits of a float32 encoder are within 1e-3.
 */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { defaultBundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import { readFeatures } from "../../src/decode/decoder.ts";
import { generate } from "../../src/decode/generate.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { encoderInput } from "../../src/image/encoder_input.ts";
import { openGraphs, probeBackend } from "../../src/model/choose_backend.ts";
import type { BackendName } from "../../src/runtime/backend.ts";
import { freeAll, type GraphValue, isDeviceTensor } from "../../src/runtime/tensors.ts";
import { textModule } from "../../src/text/text_module.ts";
import { Vocabulary } from "../../src/text/vocabulary.ts";

const { values: flags } = parseArgs({
  options: {
    images: { type: "string" },
    backend: { type: "string", default: "webgpu" },
    count: { type: "string", default: "50" },
    bundle: { type: "string" },
    encoder: { type: "string" },
  },
});
if (flags.images === undefined) throw new Error("Give --images.");
const images = flags.images;
const backend = flags.backend as BackendName;
const { manifest, files: bundled } = await loadBundle(flags.bundle ?? defaultBundle);
const files =
  flags.encoder === undefined ? bundled : { ...bundled, encoder: new Uint8Array(await readFile(flags.encoder)) };
await textModule();
using vocabulary = Vocabulary.parse(new TextDecoder().decode(files.vocabulary));
const probed = await probeBackend(backend);
console.log(JSON.stringify({ ...probed, images, encoder: flags.encoder ?? manifest.encoder.precision }));
if (probed.problem !== undefined) process.exit(1);
await using wasm = await openGraphs(files, "wasm", { threads: 1 });
await using other = await openGraphs(files, backend, { threads: 1 });

/** The largest difference as a share of the largest value. */
function relative(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

async function answer(graphs: typeof wasm, pixels: GraphValue) {
  const outputs = await graphs.encoder.runKeeping({ pixels });
  const grid = outputs["grid"]!;
  using photo = await readFeatures(graphs, grid);
  const { logits } = await photo.start()(Int32Array.of(1), Uint32Array.of(0));
  const {
    captions: [best],
  } = await generate(graphs, grid, {
    vocabulary: vocabulary.size,
    ...manifest.generation,
    minWords: 1,
    count: 1,
  });
  const features = isDeviceTensor(grid) ? (await grid.read()).data : grid.data;
  freeAll([grid]);
  return { features, logits: logits.slice(), caption: vocabulary.decode(best!.tokens).join(" ") };
}

const { size } = manifest.encoder;
const names = globSync("*.{jpg,jpeg,png}", { cwd: images }).sort().slice(0, Number(flags.count));
let same = 0;
let worstFeatures = 0;
let worstLogits = 0;
for (const [i, name] of names.entries()) {
  const { rgb } = await decodeImage(await readFile(join(images, name)), { size });
  const pixels = { data: encoderInput(rgb), shape: [1, size, size, 3] };
  const expected = await answer(wasm, pixels);
  const found = await answer(other, pixels);
  worstFeatures = Math.max(worstFeatures, relative(found.features, expected.features));
  worstLogits = Math.max(worstLogits, relative(found.logits, expected.logits));
  if (found.caption === expected.caption) same++;
  else console.log(`${name}: "${found.caption}" instead of "${expected.caption}"`);
  console.log(
    `${i + 1}/${names.length}: ${same} same captions, features within ${worstFeatures.toExponential(1)}, logits within ${worstLogits.toExponential(1)}`,
  );
}
const exact = flags.encoder !== undefined || manifest.encoder.precision !== "int8";
const near = !exact || (worstFeatures <= 1e-3 && worstLogits <= 1e-3);
process.exit(same === names.length && near ? 0 : 1);
