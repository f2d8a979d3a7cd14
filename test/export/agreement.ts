import { expect } from "bun:test";
import * as tf from "@tensorflow/tfjs";
import { convertLayersModel } from "../../src/export/layers_model.ts";
import { type Fed, runOnnx } from "./onnx_run.ts";

/** Gives every weight of a model random values, instead of initial zeros and ones; a seed always gives the same. */
export function scrambleWeights(model: tf.LayersModel, seed: number): void {
  let next = seed;
  for (const layer of model.layers) {
    layer.setWeights(
      layer.getWeights().map((weight) => {
        next += 1;
        // Positive throughout, since some are variances; small, so that deep models stay within float32's comfort.
        return tf.randomUniform(weight.shape, 0.05, 0.6, "float32", next).mul(signs(weight.shape, layer, next));
      }),
    );
  }
}

function signs(shape: number[], layer: tf.layers.Layer, seed: number): tf.Tensor {
  if (layer.getClassName() === "BatchNormalization") return tf.ones(shape);
  return tf.randomUniform(shape, -1, 1, "float32", seed + 7919);
}

/** Sizes and limits of random inputs. */
export interface InputPlan {
  readonly batch: number;
  /** Length of open axes other than the batch. */
  readonly time: number;
  /** Inputs of words are integers from 0 to below this. */
  readonly words: number;
  readonly seed: number;
}

/** Compares a model on tfjs with its conversion on onnxruntime-web, on random inputs: every output within 1e-4. */
export async function expectAgreement(model: tf.LayersModel, plan: InputPlan): Promise<void> {
  const graph = convertLayersModel(model);
  const inputs = graph.graph.inputs.map(({ type }, index) => {
    const shape = model.inputs[index]!.shape.map((length, axis) => length ?? (axis === 0 ? plan.batch : plan.time));
    const seed = plan.seed + index;
    if (type === "int32") return tf.randomUniform(shape, 0, plan.words, "int32", seed);
    return tf.randomUniform(shape, -1, 1, "float32", seed);
  });
  const predicted = model.predict(inputs);
  const expected = Array.isArray(predicted) ? predicted : [predicted];
  const feeds = graph.graph.inputs.map(({ name }, index): [string, Fed] => {
    const input = inputs[index]!;
    return [name, { shape: input.shape, data: input.dataSync() as Float32Array | Int32Array }];
  });
  const outputs = await runOnnx(graph.toBytes(), Object.fromEntries(feeds));
  graph.graph.outputs.forEach(({ name }, index) => {
    const want = expected[index]!;
    const got = outputs.get(name)!;
    expect(got.shape).toEqual(want.shape);
    expect(largestDifference(got.data, want.dataSync() as Float32Array)).toBeLessThan(1e-4);
  });
}

/** Largest difference between two lists, relative to numbers that are above 1. */
export function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  expect(left.length).toBe(right.length);
  let largest = 0;
  for (let i = 0; i < left.length; i++) {
    const difference = Math.abs(left[i]! - right[i]!) / Math.max(1, Math.abs(right[i]!));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** Cosine of the angle between two lists of numbers. */
export function cosine(left: Float32Array, right: Float32Array): number {
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot(left, right) / Math.sqrt(dot(left, left) * dot(right, right));
}
