import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { makeEncoder } from "../../scripts/model/encoder.ts";
import { loadLayersModel } from "../../scripts/model/load_layers_model.ts";
import { halveWeights } from "../../src/export/half_weights.ts";
import { decodeModel, encodeModel } from "../../src/export/onnx_proto.ts";
import { resnet50Encoder } from "../../src/export/resnet50.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { photoEncoder } from "../../src/training/encoder/encode_photos.ts";
import { noShared, sharedFolder } from "../shared.ts";
import { testUnless } from "../skip.ts";
import { cosine } from "./agreement.ts";
import { type Fed, runOnnx } from "./onnx_run.ts";
import { noWeights, resnet50Weights } from "./resnet50_weights.ts";

const shared = sharedFolder();
const golden = shared === undefined ? undefined : join(shared, "golden", "resnet50");
const committed = fileURLToPath(new URL("../../models/default/encoder.onnx", import.meta.url));
const photos = [0, 1, 2, 3, 4, 5] as const;

function floats(path: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
}

async function gridOf(model: Uint8Array, photo: number, size: number): Promise<Fed & { data: Float32Array }> {
  const pixels = Float32Array.from(
    (await decodeImage(readFileSync(join(golden!, `${photo}-${size}.png`)), { size })).rgb,
  );
  const outputs = await runOnnx(model, { pixels: { shape: [1, size, size, 3], data: pixels } });
  return outputs.get("grid")!;
}

function pooled(grid: Float32Array): Float32Array {
  const mean = new Float32Array(2048);
  grid.forEach((value, i) => {
    mean[i % 2048]! += (value * 2048) / grid.length;
  });
  return mean;
}

/** Length of the difference, relative to the length of the expected vector. */
function relativeError(got: Float32Array, want: Float32Array): number {
  expect(got.length).toBe(want.length);
  const length = (numbers: Float32Array): number => Math.hypot(...numbers);
  return length(got.map((value, i) => value - want[i]!)) / length(want);
}

async function classifier(size: number): Promise<tf.LayersModel> {
  await tf.setBackend("cpu");
  return loadLayersModel(resnet50Weights!, size);
}

function topClasses(model: tf.LayersModel, features: Float32Array): [number, number][] {
  const [kernel, bias] = model.getLayer("fc1000").getWeights();
  const scores = tf.tidy(() => tf.softmax(tf.tensor2d(features, [1, 2048]).matMul(kernel!).add(bias!)).dataSync());
  return [...scores]
    .map((score, id): [number, number] => [id, score])
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3);
}

interface Golden {
  readonly id: number;
  readonly top3: readonly (readonly [number, number])[];
}

describe("the float32 encoder", () => {
  testUnless(
    noShared ?? noWeights,
    "gives the pooled features and the classes of an independent implementation",
    async () => {
      const model = await classifier(224);
      const encoder = resnet50Encoder(model).toBytes();
      const classes = JSON.parse(readFileSync(join(golden!, "classes.json"), "utf8")) as Golden[];
      for (const photo of photos) {
        const features = pooled((await gridOf(encoder, photo, 224)).data);
        expect(relativeError(features, floats(join(golden!, `${photo}-224.pooled.f32`)))).toBeLessThan(1e-5);
        const want = classes.find(({ id }) => id === photo)!.top3;
        topClasses(model, features).forEach(([id, score], rank) => {
          expect(id).toBe(want[rank]![0]);
          expect(score).toBeCloseTo(want[rank]![1], 4);
        });
      }
    },
  );

  testUnless(noShared ?? noWeights, "gives the flattened features of small pictures", async () => {
    const model = await classifier(90);
    const encoder = resnet50Encoder(model).toBytes();
    for (const photo of photos) {
      const { shape, data } = await gridOf(encoder, photo, 90);
      expect(shape).toEqual([1, 9, 2048]);
      expect(relativeError(data, floats(join(golden!, `${photo}-90.flat.f32`)))).toBeLessThan(1e-5);
    }
  });

  testUnless(noShared ?? noWeights, "loses little when its weights are stored in half precision", async () => {
    const model = await classifier(224);
    const { graph } = resnet50Encoder(model);
    halveWeights(graph);
    const encoder = encodeModel(graph);
    expect(encoder.length).toBeLessThan(48e6);
    const features = pooled((await gridOf(encoder, 0, 224)).data);
    expect(relativeError(features, floats(join(golden!, "0-224.pooled.f32")))).toBeLessThan(2e-3);
  });
});

describe("the encoder in 8-bit integers", () => {
  testUnless(noShared ?? noWeights, "stays near the features of an independent implementation", async () => {
    const encoder = await makeEncoder("int8", 224);
    for (const photo of photos) {
      const features = pooled((await gridOf(encoder, photo, 224)).data);
      expect(cosine(features, floats(join(golden!, `${photo}-224.pooled.f32`)))).toBeGreaterThan(0.99);
    }
  });

  testUnless(
    noShared ?? noWeights,
    "agrees with float32 on a hundred photos that it was not calibrated on",
    async () => {
      await using float32 = await photoEncoder(
        { graph: await makeEncoder("fp32", 224), size: 224, precision: "fp32" },
        2,
      );
      await using int8 = await photoEncoder({ graph: await makeEncoder("int8", 224), size: 224, precision: "int8" }, 2);
      const flickr = join(shared!, "flickr8k");
      const names = readFileSync(join(flickr, "devImages.txt"), "utf8").trim().split(/\s+/).slice(0, 100);
      const cosines: number[] = [];
      for (const name of names) {
        const { rgb } = await decodeImage(readFileSync(join(flickr, "Images", name)), { size: 224 });
        cosines.push(cosine(pooled(await int8.encode([rgb])), pooled(await float32.encode([rgb]))));
      }
      expect(cosines.reduce((sum, value) => sum + value, 0) / cosines.length).toBeGreaterThan(0.997);
      expect(cosines.filter((value) => value > 0.99).length).toBeGreaterThanOrEqual(99);
      expect(Math.min(...cosines)).toBeGreaterThan(0.985);
    },
  );

  testUnless(noShared ?? noWeights, "also gives the features of small pictures", async () => {
    const encoder = await makeEncoder("int8", 90);
    for (const photo of photos) {
      const { data, shape } = await gridOf(encoder, photo, 90);
      expect(shape).toEqual([1, 9, 2048]);
      expect(cosine(data, floats(join(golden!, `${photo}-90.flat.f32`)))).toBeGreaterThan(0.98);
    }
  });
});

describe("the committed encoder", () => {
  testUnless(noWeights, "is ImageNet's up to its last stage, which may learn from captions", async () => {
    const published = decodeModel(await makeEncoder("int8", 224)).initializers;
    const { initializers } = decodeModel(readFileSync(committed));
    expect([...initializers.keys()].sort()).toEqual([...published.keys()].sort());
    const kernels = [...initializers].filter(([name]) => name.endsWith("/kernel_stored"));
    expect(kernels.length).toBe(53);
    for (const [name, { data }] of kernels.filter(([name]) => !name.startsWith("/res5"))) {
      expect([name, Buffer.compare(bytesOf(data), bytesOf(published.get(name)!.data))]).toEqual([name, 0]);
    }
  });
});

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
