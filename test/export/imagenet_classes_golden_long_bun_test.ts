import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classProbabilities, imagenetHead } from "../../scripts/model/imagenet_classes.ts";
import { imagenetClasses } from "../../src/concepts/noun_table.ts";
import { startTensorflow } from "../../src/training/tensorflow.ts";
import { noShared, sharedFolder } from "../shared.ts";
import { testUnless } from "../skip.ts";
import { noWeights } from "./resnet50_weights.ts";

interface GoldenPhoto {
  readonly id: number;
  /** Class and probability, by an independent implementation. */
  readonly top3: readonly (readonly [number, number])[];
}

describe("classProbabilities()", () => {
  testUnless(noShared ?? noWeights, "gives ImageNet's classes on ImageNet's own features", async () => {
    await startTensorflow("cpu");
    const golden = join(sharedFolder()!, "golden", "resnet50");
    const photos = JSON.parse(readFileSync(join(golden, "classes.json"), "utf8")) as GoldenPhoto[];
    expect(photos.length).toBe(6);
    const means = photos.flatMap(({ id }) => [
      ...new Float32Array(new Uint8Array(readFileSync(join(golden, `${id}-224.pooled.f32`))).buffer),
    ]);
    const found = classProbabilities(await imagenetHead(), Float32Array.from(means));
    for (const [place, { top3 }] of photos.entries()) {
      const own = [...found.subarray(place * imagenetClasses, (place + 1) * imagenetClasses)];
      expect(own.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 4);
      const best = own
        .map((probability, number) => [number, probability] as const)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 3);
      expect(best.map(([number]) => number)).toEqual(top3.map(([number]) => number));
      for (const [i, [, probability]] of top3.entries()) expect(best[i]![1]).toBeCloseTo(probability, 3);
    }
  });
});
