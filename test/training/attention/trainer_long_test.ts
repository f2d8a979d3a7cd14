import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { PhotoReader } from "../../../src/training/attention/photo_reader.ts";
import { trainAttention } from "../../../src/training/attention/trainer.ts";
import { ConceptSlots } from "../../../src/training/concepts/concept_slots.ts";
import { KnownConcepts } from "../../../src/training/concepts/known_concepts.ts";
import { lastStageShapes } from "../../../src/training/encoder/last_stage.ts";
import { readCheckpoint } from "../../../src/training/run/checkpoint.ts";
import { startTensorflow } from "../../../src/training/tensorflow.ts";

import { colours, images, inFolder, settings, stage, train } from "./colours.ts";

describe("trainAttention()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  test("learns a word from captions without photos, and uses it for photos because of their concepts alone", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      // Two nouns; nothing but the concepts tells which of them a photo shows. No photo's caption says word 6.
      const noun = (image: string) => Number(image.match(/\d+/)![0]) % 2;
      const table = { images, first: images.map((_, i) => 2 * i), probabilities: new Float32Array(images.length * 4) };
      for (const [i, image] of images.entries()) {
        for (const view of [0, 1]) table.probabilities[(2 * i + view) * 2 + noun(image)] = 0.9;
      }
      const slots = new ConceptSlots({ nouns: 2, slots: 1, vector: 2 }, Float32Array.of(1, -1, -1, 1));
      const concepts = new KnownConcepts(
        slots,
        [table],
        images.map((image) => ({ image, nouns: new Set([noun(image)]) })),
      );
      const shown = images.filter((image) => noun(image) === 0);
      const hidden = images.filter((image) => noun(image) === 1).slice(0, 3);
      let said: readonly Int32Array[] = [];
      const texts = [0, 1].map((place) => ({ words: Int32Array.of(4, 5 + place), nouns: new Set([place]) }));
      await trainAttention({
        ...{ folder, photos: new PhotoReader(cache, concepts), vocabulary: 8, texts },
        train: shown.map((image) => ({ image, captions: [Int32Array.of(4, 5), Int32Array.of(4, 5)], share: 2.5 })),
        devImages: hidden,
        settings: {
          ...settings,
          stages: [
            { ...stage, epochs: 12, texts: 8, textWeight: 1, dropoutMixed: 0, dropoutWords: 0, dropoutValues: 0 },
          ],
        },
        score: (captions) => {
          said = captions;
          return captions.filter((words) => words[1] === 6).length;
        },
      });
      expect(said.map((words) => [...words])).toEqual(hidden.map(() => [4, 6]));
    }));

  test("learns with the encoder's last stage, from what that was, and resumed ends where an uninterrupted run ends", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"), 4);
      const random = new SeededRandom(2);
      const lastStage = new Map(
        lastStageShapes({ stem: 3, features: 4 }).map(({ name, shape }) => {
          const length = shape.reduce((product, side) => product * side, 1);
          return [name, Float32Array.from({ length }, () => random.normal())];
        }),
      );
      const still = { start: lastStage, settings: { ...settings, lastStageRate: 0 } };
      await train(join(folder, "still"), cache, still);
      const { arrays: first } = await readCheckpoint(join(folder, "still", "last.ckpt"));
      for (const [name, value] of lastStage) {
        for (const [i, number] of first.get(name)!.entries()) expect(number).toBeCloseTo(value[i]!, 6);
      }
      const moving = { start: lastStage, settings: { ...settings, lastStageRate: 0.5 } };
      const whole = await train(join(folder, "whole"), cache, moving);
      const { arrays: last } = await readCheckpoint(join(folder, "whole", "last.ckpt"));
      expect(last.get("res5c_branch2c_kernel")).not.toEqual(lastStage.get("res5c_branch2c_kernel"));
      const broken = train(join(folder, "broken"), cache, { ...moving, stopAfter: 1 });
      await expect(broken).rejects.toThrow(/aborted/);
      const resumed = await train(join(folder, "broken"), cache, { ...moving, resume: true });
      for (const [epoch, { loss }] of resumed.entries()) expect(loss).toBeCloseTo(whole[epoch]!.loss, 6);
    }));

  test("learns what is rewarded from its own captions alone", () =>
    inFolder(async (folder) => {
      using cache = await colours(join(folder, "features"));
      const selfCritical = { samples: 8, maxWords: 4, temperature: 0.8, crossEntropyWeight: 0, bleuWeight: 0.5 };
      const records = await train(folder, cache, {
        settings: { ...settings, stages: [{ ...stage, epochs: 20, captionsPerPhoto: 1, selfCritical }] },
      });
      expect(records.at(-1)!.reward!).toBeGreaterThan(1.5 * records[0]!.reward!);
    }));
});
