import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { sha256Hex } from "../../../src/bundle/sha256.ts";
import { load } from "../../../src/lite/mod.ts";
import { tinyBundle } from "../../../test/fixtures/tiny_bundle.ts";
import { modules } from "../../../test/lite/lite_files.ts";
import { randomDecoder } from "../../../test/runtime/rust/random_decoder.ts";
import { randomEncoder } from "../../../test/runtime/rust/random_encoder.ts";
import { type Reader, reader } from "./attack.ts";
import { damagedBytes, damagedText } from "./damage.ts";
import { damagedGraph } from "./damaged_graph.ts";

const names = ["encoder.onnx", "decoder_init.onnx", "decoder_step.onnx", "vocabulary.txt", "concepts.txt"] as const;
const parts = ["encoder", "decoderInit", "decoderStep", "vocabulary", "concepts"] as const;

/** A small bundle that edgecap's own engine runs, and its manifest without the files. */
function engineBundle() {
  const layer = { kind: "residual", kernel: 3, stride: 1, pad: 1, channels: 16, relu: true } as const;
  const encoder = randomEncoder({
    ...{ seed: 5, size: 8, channels: 3, sum: true },
    layers: [{ ...layer, kind: "pool", kernel: 2, pad: 0, stride: 2 }, layer],
  });
  const words = ["<pad>", "<start>", "<end>", "<unk>", "a", "dog", "dogs", "cat", "on", "grass", "runs"];
  const [nouns, slots] = [3, 1];
  const shape = { regions: 16, features: 16, units: 8, embedding: 6, vocabulary: words.length };
  const { init, step } = randomDecoder({
    ...{ seed: 3, precision: "int8", scale: 0.1, classes: 0 },
    shape: { ...shape, concepts: { nouns, slots, vector: 4 } },
  });
  const { description } = tinyBundle();
  const manifest = {
    ...description,
    encoder: { precision: "int8", size: 8, regions: shape.regions, features: shape.features },
    decoder: {
      ...{ preset: "attention", precision: "int8", hidden: 8, keys: 8, vocabulary: words.length },
      concepts: { nouns, slots },
    },
    generation: {
      ...description.generation,
      concepts: { least: 0.01, most: 2, reward: 1, rewardOfOnly: 5, leastOfOnly: 0.005 },
    },
  };
  const text = (lines: readonly string[]) => new TextEncoder().encode(`${lines.join("\n")}\n`);
  const files = [encoder, init, step, text(words), text(["dog,dogs", "cat", "grass"])].map(
    (file) => new Uint8Array(file),
  );
  return { manifest, files };
}

const engine = async () =>
  new Uint8Array(await readFile(new URL("../../../crates/engine/pkg/dot16.wasm", import.meta.url)));

/** edgecap/lite with one changed file in its bundle, whose new hash the manifest has: it captions, or refuses. */
export async function liteReaders(): Promise<Reader[]> {
  const { manifest, files } = engineBundle();
  // Compiled once: each load would compile the engine again.
  const { text, image } = modules;
  const compiled = { text, image, engineDot16: await WebAssembly.compile(await engine()) };
  const photo = new Uint8Array(readFileSync(new URL("../../../test/fixtures/images/rgb.png", import.meta.url)));
  const caption = async (place: number, changed: Uint8Array, picture: Uint8Array<ArrayBuffer> = photo) => {
    const all = files.map((file, at) => (at === place ? new Uint8Array(changed) : file));
    const entries = all.map(async (file, at) => {
      const entry = { path: names[at]!, bytes: file.length, sha256: await sha256Hex(file) };
      return [parts[at]!, entry] as const;
    });
    const described = JSON.stringify({ ...manifest, files: Object.fromEntries(await Promise.all(entries)) });
    const bundle = new Map([["manifest.json", new TextEncoder().encode(described)]]);
    for (const [at, file] of all.entries()) bundle.set(names[at]!, file);
    await using captioner = await load({ bundle, modules: compiled });
    await captioner.caption(picture);
  };
  const graphs = [0, 1, 2].map((place) =>
    reader(`lite: ${names[place]}`, damagedGraph(files[place]!), (bytes) => caption(place, bytes)),
  );
  const lists = [3, 4].map((place) =>
    reader(`lite: ${names[place]}`, damagedText([new TextDecoder().decode(files[place])], ["dog", ",", "a"]), (bytes) =>
      caption(place, bytes),
    ),
  );
  const picture = reader("lite: picture", damagedBytes([photo]), (bytes) => caption(-1, photo, bytes));
  return [...graphs, ...lists, picture];
}
