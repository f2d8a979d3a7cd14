import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { EdgecapError } from "../../../src/errors.ts";
import { GraphSession } from "../../../src/runtime/graph_session.ts";
import { textModule } from "../../../src/text/text_module.ts";
import { Vocabulary } from "../../../src/text/vocabulary.ts";
import { captionSequence, longestCaption } from "../../../src/training/article/caption_sequences.ts";
import {
  articleWeights,
  branchUnits,
  embeddingMatrix,
  firstValues,
} from "../../../src/training/article/merged_model.ts";
import { prefixLayout } from "../../../src/training/article/prefix_layout.ts";
import { pairBatches, pairsOf, stepsPerEpoch } from "../../../src/training/article/prefix_pairs.ts";
import { simpleCnn, simpleCnnEncoder } from "../../../src/training/article/simple_cnn.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";
import { prePadded } from "./pre_padded.ts";

describe("captions as the article feeds them", () => {
  beforeAll(async () => {
    await textModule();
  });

  test("are between start and end, without the words that were dropped", () => {
    using vocabulary = Vocabulary.build(["a dog runs", "a dog", "a cat"], 2);
    // 4 is "a", 5 is "dog"; "runs" and "cat" are seen once.
    expect([...captionSequence(["a", "dog", "runs"], vocabulary)]).toEqual([1, 4, 5, 2]);
    expect([...captionSequence(["cat"], vocabulary)]).toEqual([1, 2]);
  });

  test("have a longest one, marks included", () => {
    const photos = [{ image: "a", sequences: [Int32Array.of(1, 4, 2), Int32Array.of(1, 4, 5, 6, 2)] }];
    expect(longestCaption(photos)).toBe(5);
    expect(() => longestCaption([{ image: "a", sequences: [Int32Array.of(1, 2)] }])).toThrow(EdgecapError);
  });
});

describe("(image, prefix, next word) pairs", () => {
  test("are every prefix with the word after it", () => {
    const { images, pairs } = pairsOf([
      { image: "a", sequences: [Int32Array.of(1, 4, 2)] },
      { image: "b", sequences: [Int32Array.of(1, 5, 2), Int32Array.of(1, 2)] },
    ]);
    expect(images).toEqual(["a", "b"]);
    expect(pairs.map(({ photo, caption, prefix, next }) => [photo, caption, [...prefix], next])).toEqual([
      [0, 0, [1], 4],
      [0, 0, [1, 4], 2],
      [1, 1, [1], 5],
      [1, 1, [1, 5], 2],
      [1, 2, [1], 2],
    ]);
  });

  test("come in n/32 batches of photos, in another order each epoch", () => {
    expect(stepsPerEpoch(6000, 32)).toBe(187);
    expect(stepsPerEpoch(20, 32)).toBe(1);
    const photos = Array.from({ length: 70 }, (_, i) => ({ image: String(i), sequences: [Int32Array.of(1, 2)] }));
    const random = new SeededRandom(1);
    const first = [...pairBatches(photos, 32, random)];
    const second = [...pairBatches(photos, 32, random)];
    expect(first.map(({ images }) => images.length)).toEqual([32, 32]);
    expect(new Set(first.flatMap(({ images }) => images)).size).toBe(64);
    expect(second[0]!.images).not.toEqual(first[0]!.images);
    expect([...pairBatches(photos, 32, new SeededRandom(1), 1)][0]!.images).toEqual(first[1]!.images);
  });

  test("arranged by steps, still contain every pre-padded prefix", () => {
    const prefixes = fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(prefixes, (lists) => {
        const arrays = lists.map((list) => Int32Array.from(list));
        const { order, counts, ids, firstStep } = prefixLayout(arrays, 5);
        const padded = arrays.map(() => new Int32Array(5));
        let at = 0;
        for (const [step, rows] of counts.entries()) {
          for (let row = 0; row < rows; row++) padded[order[row]!]![firstStep + step] = ids[at++]!;
        }
        expect(at).toBe(ids.length);
        for (const [i, list] of arrays.entries()) expect([...padded[i]!]).toEqual([...prePadded(list, 5)]);
      }),
    );
  });
});

describe("the merged model", () => {
  test("has the article's layers", () => {
    const shape = { features: 18432, longest: 37, embedding: 300, vocabulary: 100, mixed: 256 };
    expect(branchUnits(shape)).toBe(148);
    const lengths = new Map(articleWeights(shape).map(({ name, shape: s }) => [name, s]));
    expect(lengths.get("image_dense_1/kernel")).toEqual([18432, 148]);
    expect(lengths.get("lstm_1/kernel")).toEqual([300, 592]);
    expect(lengths.get("lstm_4/recurrent_kernel")).toEqual([148, 592]);
    expect(lengths.get("mixed_1/kernel")).toEqual([148, 256]);
    expect(lengths.get("logits/kernel")).toEqual([256, 100]);
    expect(lengths.has("embedding")).toBe(false);
  });

  test("starts as Keras starts it", () => {
    const random = new SeededRandom(4);
    const kernel = firstValues({ name: "k", shape: [30, 70], start: "glorot" }, random);
    expect(Math.max(...kernel.map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(6 / 100));
    const rows = firstValues({ name: "r", shape: [6, 24], start: "orthogonal" }, random);
    for (let a = 0; a < 6; a++) {
      for (let b = 0; b < 6; b++) {
        let product = 0;
        for (let i = 0; i < 24; i++) product += rows[a * 24 + i]! * rows[b * 24 + i]!;
        expect(product).toBeCloseTo(a === b ? 1 : 0, 5);
      }
    }
    expect([...firstValues({ name: "b", shape: [8], start: "forget" }, random)]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });

  test("knows pretrained vectors, and zeros for padding and other words", () => {
    const vectors = new Map([
      ["start", Float32Array.of(1, 2)],
      ["dog", Float32Array.of(3, 4)],
    ]);
    const matrix = embeddingMatrix(["<pad>", "<start>", "<end>", "<unk>", "dog", "zyx"], vectors, 2);
    expect([...matrix]).toEqual([0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0]);
  });
});

describe("the simple CNN", () => {
  test("is the article's, and its graph gives what tfjs gives", async () => {
    await startTensorflow("wasm");
    const model = simpleCnn(3);
    expect(model.layers.map((layer) => layer.getClassName())).toEqual([
      "Conv2D",
      "Conv2D",
      "MaxPooling2D",
      "Conv2D",
      "Conv2D",
      "AveragePooling2D",
      "Flatten",
    ]);
    expect(model.outputs[0]!.shape).toEqual([null, 46208]);
    const random = new SeededRandom(1);
    const pixels = Float32Array.from({ length: 90 * 90 * 3 }, () => Math.floor(256 * random.next()));
    // Keras's preprocess_input: blue, green, red, each without its mean.
    const prepared = Float32Array.from(
      pixels,
      (_, i) => pixels[i - (i % 3) + 2 - (i % 3)]! - [103.939, 116.779, 123.68][i % 3]!,
    );
    const expected = (model.predict(tf.tensor4d(prepared, [1, 90, 90, 3])) as tf.Tensor).dataSync();
    await using encoder = await GraphSession.create("encoder", simpleCnnEncoder(3));
    const { grid } = await encoder.run({ pixels: { data: pixels, shape: [1, 90, 90, 3] } });
    expect(grid!.shape).toEqual([1, 1444, 32]);
    let worst = 0;
    for (const [i, value] of expected.entries()) worst = Math.max(worst, Math.abs(value - grid!.data[i]!));
    expect(worst).toBeLessThan(1e-3);
    expect(Math.max(...expected)).toBeGreaterThan(1);
  });
});
