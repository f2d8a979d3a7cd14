import fc from "fast-check";
import { loadBundle } from "../../../src/bundle/load_bundle.ts";
import { parseManifest } from "../../../src/bundle/manifest.ts";
import { readConceptNames } from "../../../src/concepts/concept_names.ts";
import { ConfidenceModel } from "../../../src/confidence/confidence_model.ts";
import { generationSettings } from "../../../src/engines/generation_settings.ts";
import { EdgecapError } from "../../../src/errors.ts";
import { GraphBuilder } from "../../../src/export/mod.ts";
import { decodeModel, encodeModel } from "../../../src/export/onnx_proto.ts";
import { readSafetensors } from "../../../src/files/safetensors.ts";
import { Datastore } from "../../../src/retrieval/datastore.ts";
import { Vocabulary } from "../../../src/text/vocabulary.ts";
import { readEncoder } from "../../../src/training/encoder/encoder_graph.ts";
import { datastoreFile } from "../../../test/fixtures/small_datastore.ts";
import { tinyBundleFiles } from "../../../test/fixtures/tiny_bundle.ts";
import { type Reader, reader } from "./attack.ts";
import { bytesOf, damagedBytes, damagedJson, damagedText, damagedValue, joined } from "./damage.ts";
import { damagedGraph } from "./damaged_graph.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Readers of the parts of a bundle. */
export async function bundleReaders(): Promise<Reader[]> {
  const files = await tinyBundleFiles();
  const manifest = JSON.parse(text(files.get("manifest.json")!)) as Record<string, unknown>;
  const confidence = { features: ["words", "mean"], mean: [0, 1], scale: [1, 2], weights: [1, -1], bias: 0.5 };
  const generation = {
    ...(manifest["generation"] as object),
    neighbours: { count: 3, weight: 1 },
    noRepeatNgram: 2,
    concepts: { least: 0.5, most: 2, reward: 1 },
  };
  const full = { ...manifest, generation, confidence };
  return [
    reader("manifest", damagedJson(manifest, full), (bytes) => {
      const read = parseManifest(text(bytes), "manifest.json");
      if (read.confidence !== undefined) new ConfidenceModel(read.confidence, "bundle");
    }),
    reader("bundle", damagedJson(manifest, full), async (bytes) => {
      const bundle = await loadBundle(new Map([...files, ["manifest.json", bytes]]));
      using _ = Vocabulary.parse(text(bundle.files.vocabulary));
    }),
    reader("onnx", onnxFiles(), (bytes) => {
      const graph = decodeModel(bytes);
      encodeModel(graph);
    }),
    reader("encoder", onnxFiles(), (bytes) => readEncoder(bytes, "fp32", "encoder.onnx")),
    reader("safetensors", tensorFiles(), (bytes) =>
      readSafetensors(
        bytes,
        (why, cause) => new EdgecapError("bundle-shape-mismatch", `It is not a tensor file: ${why}.`, { cause }),
      ),
    ),
    reader("datastore", tensorFiles(), (bytes) => {
      using datastore = new Datastore(bytes, "datastore.safetensors", 12);
      const vector = new Float32Array(datastore.dimensions).fill(0.5);
      const photos = datastore.nearest(vector, 3);
      datastore.likeness(vector, photos);
      datastore.consensus([Uint32Array.of(4, 5), new Uint32Array()], photos, 2);
    }),
    reader("vocabulary", damagedText(["<pad>\n<start>\n<end>\n<unk>\na\ndog\n"], ["<pad>", "a", "dog"]), (bytes) => {
      using vocabulary = Vocabulary.parse(text(bytes));
      vocabulary.encode(["a", "cat"]);
      vocabulary.decode(Uint32Array.of(vocabulary.size - 1));
    }),
    reader("concepts", damagedText(["dog,dogs,puppy\ncat,cats\n"], ["dog", ","]), (bytes) =>
      readConceptNames(text(bytes), "concepts.txt", 2),
    ),
    reader("configuration of a transformers.js model", damagedValue(transformersModel), (model) => {
      const { config, generation_config } = (model ?? {}) as Partial<typeof transformersModel>;
      // The library gives an object for each, or stops.
      const whole = { config: Object(config ?? {}), generation_config: Object(generation_config ?? {}) };
      generationSettings(whole as Parameters<typeof generationSettings>[0]);
    }),
  ];
}

const transformersModel = {
  config: {
    model_type: "vision-encoder-decoder",
    decoder: { vocab_size: 50, eos_token_id: 2, bos_token_id: [1, 3], suppress_tokens: [4, 5] },
  },
  generation_config: { num_beams: 4, max_length: 20, length_penalty: 1.5, min_length: 2, no_repeat_ngram_size: 2 },
};

/** Small ONNX files with changed values of the protobuf, or changed bytes. */
function onnxFiles(): fc.Arbitrary<Uint8Array> {
  const g = new GraphBuilder("encoder");
  const pixels = g.input("pixels", "float32", ["batch", 4, 4, 3]);
  const flat = g.node("Reshape", [g.node("Transpose", [pixels], { perm: [0, 3, 1, 2] }), g.ints([-1, 4, 12])]);
  const mixed = g.node("MatMul", [flat, g.weight("mix", [12, 2], new Float32Array(24).fill(0.5))]);
  g.output("grid", g.node("LeakyRelu", [mixed], { alpha: 0.25 }), "float32", ["batch", 4, 2]);
  const file = g.toBytes();
  return fc.oneof(damagedGraph(file), damagedBytes([encodeModel({ ...g.graph, nodes: [] })]));
}

/** Files of a datastore with changed values in the head, or changed bytes. */
function tensorFiles(): fc.Arbitrary<Uint8Array> {
  const file = datastoreFile([
    { vector: [1, 2, 3], captions: [[4, 5, 6], [4]] },
    { vector: [-7, 0, 9], captions: [[4, 5], []] },
    { vector: [0, 0, 0], captions: [] },
  ]);
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const head = JSON.parse(text(file.subarray(8, 8 + length))) as Record<string, unknown>;
  const numbers = file.subarray(8 + length);
  const framed = fc.tuple(damagedJson(head), damagedBytes([numbers])).map(([changed, data]) => {
    const size = new Uint8Array(8);
    new DataView(size.buffer).setBigUint64(0, BigInt(changed.length), true);
    return joined(size, changed, data);
  });
  const sound = damagedBytes([numbers]).map((data) => joined(file.subarray(0, 8 + length), data));
  return fc.oneof(framed, sound, damagedBytes([file], [bytesOf('"F32"'), bytesOf('"U8"')]));
}
