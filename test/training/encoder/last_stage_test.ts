import { beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { decodeModel, encodeModel, type Graph, GraphBuilder } from "../../../src/export/mod.ts";
import {
  beforeLastStage,
  gridsBeforeLastStage,
  type LastStageWeights,
  lastStageShapes,
  readLastStage,
  runLastStage,
  withLastStage,
} from "../../../src/training/encoder/last_stage.ts";
import { moved } from "../../../src/training/encoder/photo_views.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";
import { largestDifference } from "../../export/agreement.ts";
import { runOnnx } from "../../export/onnx_run.ts";
import { smallResnet, smallShape } from "../../fixtures/small_resnet.ts";

const { size, regions, stem, features } = smallShape;
const random = new SeededRandom(7);
const normal = (length: number) => Float32Array.from({ length }, () => random.normal());

function tensorsOf(weights: ReadonlyMap<string, Float32Array>): LastStageWeights {
  return Object.fromEntries(
    lastStageShapes({ stem, features }).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]),
  ) as unknown as LastStageWeights;
}

/** What enters the last stage of two pictures as they are. */
async function firstGrids(graph: Graph, pixels: { shape: number[]; data: Float32Array }): Promise<tf.Tensor3D> {
  const { shape, data } = (await runOnnx(beforeLastStage(graph), { pixels })).get("grid")!;
  expect(shape).toEqual([2 * gridsBeforeLastStage, regions, stem]);
  const grids = tf.tensor4d(Float32Array.from(data), [2, gridsBeforeLastStage, regions, stem]);
  return tf.reshape(tf.slice(grids, [0, 0, 0, 0], [2, 1, regions, stem]), [2, regions, stem]);
}

describe("the last stage", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });
  const encoder = smallResnet();
  const pixels = { shape: [2, size, size, 3], data: normal(2 * size * size * 3).map((x) => 255 * x) };

  test("gives the same as the complete encoder when it follows the encoder that ends before it", async () => {
    const graph = decodeModel(encoder);
    const whole = (await runOnnx(encoder, { pixels })).get("grid")!;
    const grid = await firstGrids(graph, pixels);
    const got = runLastStage(tensorsOf(readLastStage(graph)), grid);
    expect(got.shape).toEqual([2, regions, features]);
    expect(largestDifference(got.dataSync(), whole.data)).toBeLessThan(1e-4);
  });

  test("gives the same for a moved picture, except for the last row and column", async () => {
    const before = beforeLastStage(decodeModel(encoder));
    const gridsOf = async (photo: Uint8Array) => {
      const data = Float32Array.from(photo);
      return (await runOnnx(before, { pixels: { shape: [1, size, size, 3], data } })).get("grid")!.data;
    };
    const photo = Uint8Array.from({ length: size * size * 3 }, () => 256 * random.next());
    const side = Math.sqrt(regions);
    const grids = await gridsOf(photo);
    for (const [place, [up, left]] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ].entries()) {
      const itself = await gridsOf(moved(photo, size, up!, left!));
      for (let row = 1; row < side - 1; row++) {
        for (let i = stem; i < (side - 1) * stem; i++) {
          const at = row * side * stem + i;
          expect(Number(grids[place * regions * stem + at])).toBeCloseTo(Number(itself[at]), 5);
        }
      }
    }
  });

  test("is put into the encoder, which is unchanged if nothing was learnt, and otherwise gives what was learnt", async () => {
    const graph = decodeModel(encoder);
    const weights = readLastStage(graph);
    expect(encodeModel(withLastStage(graph, weights))).toEqual(encodeModel(graph));
    const learnt = new Map([...weights].map(([name, value]) => [name, value.map((x) => x + random.normal() / 10)]));
    const whole = (await runOnnx(encodeModel(withLastStage(graph, learnt)), { pixels })).get("grid")!;
    const grid = await firstGrids(graph, pixels);
    expect(largestDifference(runLastStage(tensorsOf(learnt), grid).dataSync(), whole.data)).toBeLessThan(1e-4);
    expect(readLastStage(graph)).toEqual(weights);
  });

  test("is refused if the graph is not a ResNet50, or not in float32", () => {
    const g = new GraphBuilder("other");
    g.output("grid", g.node("Relu", [g.input("pixels", "float32", ["batch", 2])]), "float32", ["batch", 2]);
    expect(() => readLastStage(g.graph)).toThrow(/"other" cannot be trained: it has no convolution "res5a_branch2a"/);
    expect(() => beforeLastStage(g.graph)).toThrow(/scripts\/encoder.ts/);
    const graph = decodeModel(encoder);
    graph.initializers.delete("res5b_branch2b/bias");
    expect(() => readLastStage(graph)).toThrow(/not in float32/);
  });
});
