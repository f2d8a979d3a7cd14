import { beforeAll, describe, expect, test } from "bun:test";
import * as tf from "@tensorflow/tfjs";
import type { CalibrationRuns } from "../../src/export/calibration.ts";
import { calibrate } from "../../src/export/calibration.ts";
import type { Graph } from "../../src/export/graph.ts";
import { convertLayersModel } from "../../src/export/layers_model.ts";
import { encodeModel } from "../../src/export/onnx_proto.ts";
import { type QuantiseOptions, quantise, valuesToCalibrate } from "../../src/export/quantise.ts";
import { quantiseChannels } from "../../src/export/quantise_weights.ts";
import { tensor } from "../../src/export/tensor.ts";
import { pickRange } from "../../src/export/value_range.ts";
import { cosine, scrambleWeights } from "./agreement.ts";
import { type Fed, runOnnx } from "./onnx_run.ts";

const { layers } = tf;

/** A small residual network: a stem with a pooling, a block with a shortcut, and a head in float32. */
function residual(): Graph {
  const input = tf.input({ shape: [12, 12, 3], name: "x" });
  const conv = (x: tf.SymbolicTensor, size: number): tf.SymbolicTensor =>
    layers.conv2d({ filters: 8, kernelSize: size, padding: "same" }).apply(x) as tf.SymbolicTensor;
  const relu = (x: tf.SymbolicTensor): tf.SymbolicTensor => layers.reLU().apply(x) as tf.SymbolicTensor;
  const stem = layers.maxPooling2d({ poolSize: 2 }).apply(relu(conv(input, 3))) as tf.SymbolicTensor;
  const block = conv(relu(conv(stem, 1)), 3);
  const sum = relu(layers.add().apply([block, stem]) as tf.SymbolicTensor);
  const again = relu(conv(sum, 1));
  const pooled = layers.globalAveragePooling2d({}).apply(again) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: pooled });
  scrambleWeights(model, 4);
  return convertLayersModel(model, { outputNames: ["y"] }).graph;
}

function picture(seed: number): Fed {
  return { shape: [1, 12, 12, 3], data: tf.randomUniform([432], -1, 1, "float32", seed).dataSync() as Float32Array };
}

/** Runs on eight pictures, but not on those that the tests compare. */
const runs: CalibrationRuns = async function* (model) {
  for (let seed = 1; seed <= 8; seed++) {
    const outputs = await runOnnx(model, { x: picture(seed) });
    yield new Map([...outputs].map(([name, { data }]) => [name, data]));
  }
};

async function quantised(graph: Graph, options: QuantiseOptions = {}): Promise<Graph> {
  const histograms = await calibrate(graph, valuesToCalibrate(graph, options), runs);
  const ranges = new Map([...histograms].map(([name, seen]) => [name, pickRange(seen, { kind: "error" })]));
  return quantise(graph, ranges, options);
}

function count(graph: Graph, op: string): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("quantise()", () => {
  test("computes in integers nearly the same as in float32", async () => {
    const graph = residual();
    const int8 = encodeModel(await quantised(graph));
    const fp32 = encodeModel(graph);
    for (let seed = 100; seed < 105; seed++) {
      const x = picture(seed);
      const [want, got] = [await runOnnx(fp32, { x }), await runOnnx(int8, { x })];
      expect(cosine(got.get("y")!.data, want.get("y")!.data)).toBeGreaterThan(0.999);
    }
  });

  test("leaves the float32 graph as it was", async () => {
    const graph = residual();
    const before = encodeModel(graph);
    await quantised(graph);
    expect(encodeModel(graph)).toEqual(before);
  });

  test("stores kernels as int8 and biases as int32, and drops activations that this makes redundant", async () => {
    const graph = residual();
    const result = await quantised(graph);
    const types = [...result.initializers.values()].map(({ type }) => type);
    expect(count(result, "Conv")).toBe(4);
    expect(types.filter((type) => type === "int8")).toHaveLength(8);
    expect(types.filter((type) => type === "int32")).toHaveLength(8);
    // Only the last one is left: nothing in integers reads it.
    expect(count(result, "Relu")).toBe(1);
  });

  test("gives a maximum pooling one scale on both sides", async () => {
    const result = await quantised(residual());
    const pool = result.nodes.find(({ op }) => op === "MaxPool")!;
    const scale = (name: string): number => Number(result.initializers.get(`${name}/scale`)?.data[0]);
    expect(scale(pool.inputs[0]!.replace("/read", ""))).toBe(scale(pool.outputs[0]!));
  });

  test("keeps the requested nodes in float32", async () => {
    const graph = residual();
    const first = graph.nodes.find(({ op }) => op === "Conv")!.name;
    const result = await quantised(graph, { keep: [first] });
    const kept = result.nodes.find(({ name }) => name === first)!;
    expect(result.initializers.get(kept.inputs[1]!)?.type).toBe("float32");
  });

  test("refuses to guess a range", () => {
    expect(() => quantise(residual(), new Map())).toThrow("has no range: calibrate it first");
  });
});

describe("calibrate()", () => {
  test("refuses an empty run", async () => {
    const graph = residual();
    const none: CalibrationRuns = async function* () {};
    await expect(calibrate(graph, valuesToCalibrate(graph), none)).rejects.toThrow("had no input to run");
  });

  test("refuses numbers that are not finite", async () => {
    const graph = residual();
    const broken: CalibrationRuns = async function* () {
      yield new Map(valuesToCalibrate(graph).map((name) => [name, Float32Array.of(1, Number.NaN)]));
    };
    await expect(calibrate(graph, valuesToCalibrate(graph), broken)).rejects.toThrow("was not finite");
  });
});

describe("quantiseChannels()", () => {
  test("errs by at most half a step within the range of a channel's scale", () => {
    const data = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i) * (i < 32 ? 1 : 100));
    const { stored, scales } = quantiseChannels({ ...tensor("float32", [2, 32], data), data });
    data.forEach((weight, i) => {
      const scale = scales[i < 32 ? 0 : 1]!;
      const back = Number(stored.data[i]) * scale;
      const reach = 127 * scale;
      expect(Math.abs(back - Math.max(-reach, Math.min(reach, weight)))).toBeLessThanOrEqual(scale * 0.5001);
    });
    expect(scales[1]! / scales[0]!).toBeGreaterThan(50);
  });

  test("takes a channel of zeros", () => {
    const data = new Float32Array(4);
    const { stored, scales } = quantiseChannels({ ...tensor("float32", [1, 4], data), data });
    expect([...stored.data].map(Number)).toEqual([0, 0, 0, 0]);
    expect(scales[0]).toBe(1);
  });
});
