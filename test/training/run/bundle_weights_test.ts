import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { exportAttention } from "../../../src/training/attention/export_attention.ts";
import { attentionWeights } from "../../../src/training/attention/model.ts";
import { bundleWeights } from "../../../src/training/run/bundle_weights.ts";

const shape = {
  ...{ regions: 4, features: 64, units: 32, embedding: 48, vocabulary: 40 },
  concepts: { nouns: 300, slots: 3, vector: 31 },
};

describe("bundleWeights()", () => {
  const random = new SeededRandom(3);
  const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
  const arrays = new Map(
    attentionWeights(shape).map(({ name, shape }) => [name as string, draw(shape.reduce((a, b) => a * b, 1))]),
  );
  const classes = { kernel: draw(64 * 20), bias: draw(20), weights: draw(20 * 300) };
  const concepts = { head: { kernel: draw(64 * 300), bias: draw(300), classes }, vectors: draw(300 * 31) };
  const coarse = ["concept_head_kernel", "concept_class_kernel", "concept_class_weights", "project_kernel"];
  const all = new Map([
    ...arrays,
    ["concept_head_kernel", concepts.head.kernel],
    ["concept_head_bias", concepts.head.bias],
    ["concept_class_kernel", classes.kernel],
    ["concept_class_bias", classes.bias],
    ["concept_class_weights", classes.weights],
    ["concept_vectors", concepts.vectors],
  ]);

  for (const [precision, error] of [
    ["fp32", 0],
    ["fp16", 5e-4],
    ["int8", 0.03],
  ] as const) {
    test(`reads back every weight that was exported in ${precision}`, () => {
      const { init, step } = exportAttention(shape, arrays, precision, concepts);
      const found = bundleWeights({ decoderInit: init, decoderStep: step });
      for (const [name, wanted] of all) {
        const got = found.get(name)!;
        expect(got.length).toBe(wanted.length);
        const errors = wanted.map((value, i) => Math.abs(got[i]! - value));
        const allowed = coarse.includes(name) && precision !== "fp32" ? 0.03 : error;
        // Mean, as the scales of 8 bits cut the largest weights.
        expect(errors.reduce((sum, value) => sum + value, 0) / errors.length).toBeLessThanOrEqual(allowed);
      }
    });
  }
});
