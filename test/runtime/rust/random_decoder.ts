import fc from "fast-check";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { exportAttention } from "../../../src/training/attention/export_attention.ts";
import { type AttentionShape, attentionWeights } from "../../../src/training/attention/model.ts";
import type { DecoderPrecision } from "../../../src/training/run/weight_precision.ts";

/** What a random decoder is made of. */
export interface DecoderShape {
  readonly seed: number;
  readonly precision: DecoderPrecision;
  readonly shape: AttentionShape;
  /** Size of its weights. */
  readonly scale: number;
  /** Classes of the head that finds concepts; 0 for a head without. */
  readonly classes: number;
}

/** Shapes of decoders that the engine runs, most of which fill no whole panels. */
export const decoderShapes: fc.Arbitrary<DecoderShape> = fc
  .record({
    seed: fc.nat(),
    precision: fc.constantFrom<DecoderPrecision>("fp32", "fp16", "int8"),
    // Weights below 6e-5 are subnormal in half precision; those of 200 do not fit the packed form.
    scale: fc.constantFrom(1e-5, 0.1, 1, 200),
    // From 16 rows on, products are computed in another way.
    regions: fc.integer({ min: 1, max: 24 }),
    features: fc.integer({ min: 1, max: 40 }),
    units: fc.integer({ min: 1, max: 40 }),
    embedding: fc.integer({ min: 1, max: 20 }),
    vocabulary: fc.integer({ min: 2, max: 70 }),
    classes: fc.integer({ min: 0, max: 20 }),
    concepts: fc.option(
      fc.record({
        nouns: fc.integer({ min: 3, max: 40 }),
        slots: fc.integer({ min: 1, max: 3 }),
        vector: fc.integer({ min: 1, max: 12 }),
      }),
      { nil: undefined },
    ),
  })
  .map(({ seed, precision, scale, classes, concepts, ...shape }) => ({
    ...{ seed, precision, scale, classes },
    shape: { ...shape, ...(concepts && { concepts }) },
  }));

/** The two `.onnx` files of a random decoder. */
export function randomDecoder({ seed, precision, shape, scale, classes }: DecoderShape): {
  init: Uint8Array;
  step: Uint8Array;
} {
  const random = new SeededRandom(seed);
  const numbers = (length: number, size: number) => Float32Array.from({ length }, () => size * random.normal());
  const arrays = new Map(
    attentionWeights(shape).map(({ name, shape: lengths }) => {
      const length = lengths.reduce((all, next) => all * next, 1);
      // Large weights everywhere would make every curve flat.
      return [name as string, numbers(length, name === "output_kernel" || scale < 1 ? scale : 1)];
    }),
  );
  const { concepts, features } = shape;
  return exportAttention(
    shape,
    arrays as Parameters<typeof exportAttention>[1],
    precision,
    concepts && {
      // Larger ones would make several nouns certain, and so equally likely.
      head: {
        ...{ kernel: numbers(features * concepts.nouns, 0.3), bias: numbers(concepts.nouns, 1) },
        ...(classes > 0 && {
          classes: {
            ...{ kernel: numbers(features * classes, 0.3), bias: numbers(classes, 1) },
            weights: numbers(classes * concepts.nouns, 1),
          },
        }),
      },
      vectors: numbers(concepts.nouns * concepts.vector, 1),
    },
  );
}
