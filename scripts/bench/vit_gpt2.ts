import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GraphBuilder, tensor, type Value } from "../../src/export/mod.ts";

/** Sizes of a model that encodes with a ViT and decodes with a GPT-2. */
export interface VitGpt2Shape {
  /** Units of both parts. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Sides of the picture and of a patch, in pixels. */
  readonly picture: number;
  readonly patch: number;
  readonly vocabulary: number;
  /** Longest text, in tokens. */
  readonly positions: number;
}

/**
 * ViT-base/16 at 224 pixels and GPT-2 of 124 million weights, with cross-attention: as
 * nlpconnect/vit-gpt2-image-captioning.
 */
const vitGpt2Shape: VitGpt2Shape = {
  width: 768,
  layers: 12,
  heads: 12,
  picture: 224,
  patch: 16,
  vocabulary: 50257,
  positions: 1024,
};

/** Layers of a transformer, with random 8-bit weights. */
class Layers {
  readonly g: GraphBuilder;
  readonly #shape: VitGpt2Shape;
  #state = 0x2545f491;

  constructor(name: string, shape: VitGpt2Shape) {
    this.g = new GraphBuilder(name);
    this.#shape = shape;
  }

  /** Random bytes by xorshift32 (Marsaglia, 2003): a normal generator would take minutes for so many. */
  bytes(length: number): Int8Array<ArrayBuffer> {
    const words = new Int32Array(Math.ceil(length / 4));
    let x = this.#state;
    for (let i = 0; i < words.length; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      words[i] = x;
    }
    this.#state = x;
    return new Int8Array(words.buffer, 0, length);
  }

  vector(name: string, length: number, value: number): Value {
    return this.g.weight(name, [length], new Float32Array(length).fill(value));
  }

  /**
   * A dense layer as onnxruntime's dynamic quantisation writes it: the input is made 8-bit on the way, weights are
   * signed and have one scale.
   */
  dense(name: string, x: Value, from: number, to: number): Value {
    const { g } = this;
    const weight = g.initializer(`${name}_weight`, tensor("int8", [from, to], this.bytes(from * to)));
    const [quantised, scale, zero] = g.nodes("DynamicQuantizeLinear", [x], 3);
    const sums = g.node("MatMulInteger", [quantised!, weight, zero!, g.scalar(0, "int8")]);
    const product = g.node("Mul", [g.node("Cast", [sums], { to: 1 }), g.node("Mul", [scale!, g.scalar(0.0003)])]);
    return g.node("Add", [product, this.vector(`${name}_bias`, to, 0.01)]);
  }

  norm(name: string, x: Value): Value {
    const { width } = this.#shape;
    const [scale, bias] = [this.vector(`${name}_scale`, width, 1), this.vector(`${name}_bias`, width, 0)];
    return this.g.node("LayerNormalization", [x, scale, bias], { axis: -1, epsilon: 1e-5 });
  }

  /** [batch, tokens, width] -> [batch, heads, tokens, width / heads]. */
  split(x: Value): Value {
    const { width, heads } = this.#shape;
    const apart = this.g.node("Reshape", [x, this.g.ints([0, 0, heads, width / heads])]);
    return this.g.node("Transpose", [apart], { perm: [0, 2, 1, 3] });
  }

  /** Attention over separate heads, joined to [batch, tokens, width]; a mask is added to the scores. */
  attend(query: Value, key: Value, value: Value, mask?: Value): Value {
    const { g } = this;
    const { width, heads } = this.#shape;
    const products = g.node("MatMul", [query, g.node("Transpose", [key], { perm: [0, 1, 3, 2] })]);
    const scores = g.node("Mul", [products, g.scalar(1 / Math.sqrt(width / heads))]);
    const shares = g.node("Softmax", [mask === undefined ? scores : g.node("Add", [scores, mask])], { axis: -1 });
    const mixed = g.node("Transpose", [g.node("MatMul", [shares, value])], { perm: [0, 2, 1, 3] });
    return g.node("Reshape", [mixed, g.ints([0, 0, width])]);
  }

  mlp(name: string, x: Value, gelu: "Gelu" | "FastGelu"): Value {
    const { width } = this.#shape;
    const wide = this.dense(`${name}_up`, x, width, 4 * width);
    return this.dense(`${name}_down`, this.g.node(gelu, [wide], {}, { domain: "com.microsoft" }), 4 * width, width);
  }
}

/** ViT: `pixel_values` [batch, 3, picture, picture] -> `last_hidden_state` [batch, patches + 1, width]. */
function encoderGraph(shape: VitGpt2Shape): Uint8Array {
  const { width, layers, picture, patch } = shape;
  const l = new Layers("encoder_model", shape);
  const { g } = l;
  const pixels = g.input("pixel_values", "float32", ["batch_size", 3, picture, picture]);
  const kernel = Float32Array.from(l.bytes(width * 3 * patch * patch), (byte) => byte * 0.0003);
  const patches = g.node("Conv", [pixels, g.weight("patches", [width, 3, patch, patch], kernel)], {
    kernel_shape: [patch, patch],
    strides: [patch, patch],
  });
  const count = (picture / patch) ** 2;
  const tokens = g.node("Transpose", [g.node("Reshape", [patches, g.ints([0, width, count])])], { perm: [0, 2, 1] });
  const batch = g.node("Slice", [g.node("Shape", [pixels]), g.ints([0]), g.ints([1])]);
  const first = g.node("Expand", [
    g.weight("class", [1, 1, width], new Float32Array(width).fill(0.02)),
    g.node("Concat", [batch, g.ints([1, width])], { axis: 0 }),
  ]);
  const places = Float32Array.from(l.bytes((count + 1) * width), (byte) => byte * 0.0003);
  let x = g.node("Add", [
    g.node("Concat", [first, tokens], { axis: 1 }),
    g.weight("places", [1, count + 1, width], places),
  ]);
  for (let i = 0; i < layers; i++) {
    const normed = l.norm(`norm_${i}_1`, x);
    const [query, key, value] = ["query", "key", "value"].map((part) =>
      l.split(l.dense(`${part}_${i}`, normed, width, width)),
    );
    x = g.node("Add", [x, l.dense(`out_${i}`, l.attend(query!, key!, value!), width, width)]);
    x = g.node("Add", [x, l.mlp(`mlp_${i}`, l.norm(`norm_${i}_2`, x), "Gelu")]);
  }
  g.output("last_hidden_state", l.norm("norm", x), "float32", ["batch_size", count + 1, width]);
  return g.toBytes();
}

/**
 * GPT-2 with cross-attention, as in public exports of such models: keys and values of the words so far go in and out.
 * Those of the picture are computed again for each word, because transformers.js does not keep them.
 */
function decoderGraph(shape: VitGpt2Shape): Uint8Array {
  const { width, layers, heads, vocabulary, positions } = shape;
  const l = new Layers("decoder_model_merged", shape);
  const { g } = l;
  const ids = g.input("input_ids", "int64", ["batch_size", "decoder_sequence_length"]);
  const seen = g.input("encoder_hidden_states", "float32", ["batch_size", "encoder_sequence_length", width]);
  const pastShape = ["batch_size", heads, "past_decoder_sequence_length", width / heads];
  const past = Array.from({ length: layers }, (_, i) =>
    (["key", "value"] as const).map((kind) => g.input(`past_key_values.${i}.${kind}`, "float32", pastShape)),
  );
  g.input("use_cache_branch", "bool", [1]);
  const lengthOf = (value: Value, axis: number) =>
    g.node("Gather", [g.node("Shape", [value]), g.scalar(axis, "int64")], { axis: 0 });
  const before = lengthOf(past[0]![0]!, 2);
  const all = g.node("Add", [before, lengthOf(ids, 1)]);
  const [zero, one] = [g.scalar(0, "int64"), g.scalar(1, "int64")];
  const rows = g.node("Range", [before, all, one]);
  const later = g.node("Less", [g.node("Unsqueeze", [rows, g.ints([1])]), g.node("Range", [zero, all, one])]);
  const mask = g.node("Where", [later, g.scalar(-1e4), g.scalar(0)]);
  const table = (name: string, length: number) =>
    g.initializer(name, tensor("int8", [length, width], l.bytes(length * width)));
  const look = (name: string, length: number, at: Value) =>
    g.node("DequantizeLinear", [g.node("Gather", [table(name, length), at], { axis: 0 }), g.scalar(0.0003)]);
  let x = g.node("Add", [look("words", vocabulary, ids), look("positions", positions, rows)]);
  for (let i = 0; i < layers; i++) {
    const normed = l.norm(`norm_${i}_1`, x);
    const own = l.dense(`attention_${i}`, normed, width, 3 * width);
    const [query, key, value] = g.nodes("Split", [own], 3, { axis: 2 }).map((part) => l.split(part));
    const keys = g.node("Concat", [past[i]![0]!, key!], { axis: 2 });
    const values = g.node("Concat", [past[i]![1]!, value!], { axis: 2 });
    x = g.node("Add", [x, l.dense(`out_${i}`, l.attend(query!, keys, values, mask), width, width)]);
    const asked = l.split(l.dense(`cross_query_${i}`, l.norm(`norm_${i}_cross`, x), width, width));
    const given = l.dense(`cross_${i}`, seen, width, 2 * width);
    const [crossKey, crossValue] = g.nodes("Split", [given], 2, { axis: 2 }).map((part) => l.split(part));
    x = g.node("Add", [x, l.dense(`cross_out_${i}`, l.attend(asked, crossKey!, crossValue!), width, width)]);
    x = g.node("Add", [x, l.mlp(`mlp_${i}`, l.norm(`norm_${i}_2`, x), "FastGelu")]);
    const presentShape = ["batch_size", heads, "total_sequence_length", width / heads];
    g.output(`present.${i}.key`, keys, "float32", presentShape);
    g.output(`present.${i}.value`, values, "float32", presentShape);
  }
  const logits = l.dense("head", l.norm("norm", x), width, vocabulary);
  g.output("logits", logits, "float32", ["batch_size", "decoder_sequence_length", vocabulary]);
  return g.toBytes();
}

/**
 * Writes a model of vit-gpt2's shape with random weights, in the layout and the precision (`q8`) that transformers.js
 * takes by default on wasm. It takes as long as a trained one, but its captions mean nothing.
 */
export function writeVitGpt2(folder: string, shape: VitGpt2Shape = vitGpt2Shape): void {
  const { width, layers, heads, picture, vocabulary } = shape;
  const end = vocabulary - 1;
  const special = { id: end, content: "<|endoftext|>", special: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const words = Array.from({ length: vocabulary }, (_, id): [string, number] => [
    id === end ? special.content : `w${id}`,
    id,
  ]);
  const texts: Readonly<Record<string, unknown>> = {
    "config.json": {
      architectures: ["VisionEncoderDecoderModel"],
      model_type: "vision-encoder-decoder",
      is_encoder_decoder: true,
      decoder_start_token_id: end,
      eos_token_id: end,
      pad_token_id: end,
      encoder: { model_type: "vit", hidden_size: width, image_size: picture },
      decoder: { model_type: "gpt2", n_layer: layers, n_head: heads, n_embd: width, vocab_size: vocabulary },
    },
    "generation_config.json": { decoder_start_token_id: end, eos_token_id: end, pad_token_id: end },
    "preprocessor_config.json": {
      image_processor_type: "ViTImageProcessor",
      do_resize: true,
      size: { height: picture, width: picture },
      resample: 2,
      do_rescale: true,
      rescale_factor: 1 / 255,
      do_normalize: true,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    },
    "tokenizer_config.json": { tokenizer_class: "PreTrainedTokenizerFast", eos_token: special.content },
    "tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [{ ...special, ...flags }],
      normalizer: null,
      pre_tokenizer: { type: "Whitespace" },
      post_processor: null,
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: special.content,
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(words),
      },
    },
  };
  mkdirSync(join(folder, "onnx"), { recursive: true });
  for (const [name, content] of Object.entries(texts)) writeFileSync(join(folder, name), JSON.stringify(content));
  writeFileSync(join(folder, "onnx/encoder_model_quantized.onnx"), encoderGraph(shape));
  // Written last, because it says that the folder is complete.
  writeFileSync(join(folder, "onnx/decoder_model_merged_quantized.onnx"), decoderGraph(shape));
}
