/**
 * Captions the photos in examples/ as the article does: it reads all words so far again for each word. It captions the
 * next photo for each line on standard input, and prints the time of each part.
 *
 * usage: bun scripts/bench/run_prefixes.ts article|attention WORDS
 *
 * `article` is its own model (ResNet50 at 90 x 90, four stacked LSTMs of 148 units that read 37 padded words) with
 * random weights. `attention` is edgecap's, without the state between words. Both on one thread of wasm, greedy.
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { defaultBundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import { SeededRandom } from "../../src/dataset/seeded_random.ts";
import type { Decoder } from "../../src/decode/decoder.ts";
import { generate } from "../../src/decode/generate.ts";
import { decodeModel, encodeModel, resizeEncoder } from "../../src/export/mod.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { encoderInput } from "../../src/image/encoder_input.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { textModule } from "../../src/text/text_module.ts";
import { exportArticle } from "../../src/training/article/export_article.ts";
import { articleWeights, firstValues } from "../../src/training/article/merged_model.ts";
import { startTensorflow } from "../../src/training/tensorflow.ts";
import { examplePictures } from "./example_pictures.ts";
import { prefixDecoder } from "./prefix_decoder.ts";

const [model, words] = process.argv.slice(2) as ["article" | "attention", string];
await textModule();
const pictures = await Promise.all(examplePictures.map(async (path) => new Uint8Array(await readFile(path))));
let turn = 0;
const { files, manifest } = await loadBundle(defaultBundle);
const { size, encoder, decoder, vocabulary } = await (model === "article" ? article() : attention());
const length = { minWords: Number(words), maxWords: Number(words) };

async function article() {
  await startTensorflow("cpu");
  const size = 90;
  const regions = Math.ceil(size / 32) ** 2;
  const { features } = manifest.encoder;
  const shape = { features: regions * features, longest: 37, embedding: 300, vocabulary: 1667, mixed: 256 };
  const random = new SeededRandom(1);
  const arrays = new Map(articleWeights(shape).map((weight) => [weight.name, firstValues(weight, random)]));
  arrays.set(
    "embedding",
    Float32Array.from({ length: shape.vocabulary * shape.embedding }, () => random.normal()),
  );
  const graphs = exportArticle(shape, { regions, features }, arrays, "fp32");
  const decoder: Decoder = {
    init: await GraphSession.create("decoder_init", graphs.init),
    step: await GraphSession.create("decoder_step", graphs.step),
    prefix: shape.longest,
  };
  const graph = encodeModel(resizeEncoder(decodeModel(files.encoder), size));
  return { size, encoder: await GraphSession.create("encoder", graph), decoder, vocabulary: shape.vocabulary };
}

async function attention() {
  const decoder: Decoder = {
    init: await GraphSession.create("decoder_init", files.decoderInit),
    step: await GraphSession.create("decoder_step", files.decoderStep),
  };
  const encoder = await GraphSession.create("encoder", files.encoder);
  return { size: manifest.encoder.size, encoder, decoder, vocabulary: manifest.decoder.vocabulary };
}

async function caption(): Promise<Record<string, number>> {
  const bytes = pictures[turn++ % pictures.length]!;
  const started = performance.now();
  const { rgb } = await decodeImage(bytes, { size });
  const pixels = { data: encoderInput(rgb), shape: [1, size, size, 3] };
  const decoded = performance.now();
  const { grid } = await encoder.run({ pixels });
  const encoded = performance.now();
  await generate(model === "article" ? decoder : prefixDecoder(decoder), grid!, { vocabulary, ...length, count: 1 });
  const ended = performance.now();
  return { total: ended - started, image: decoded - started, encoder: encoded - decoded, decoder: ended - encoded };
}

for (const _ of pictures) await caption();
process.stdout.write("ready\n");
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await caption())}\n`);
}
