import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { randomSplit } from "../../src/dataset/split.ts";
import { EdgecapError } from "../../src/errors.ts";

const names = Array.from({ length: 8091 }, (_, place) => `${place}.jpg`);

describe("randomSplit()", () => {
  test("takes 7,000 to train and 1,000 to tune by default", () => {
    const { train, dev, rest } = randomSplit(names);
    expect([train.length, dev.length, rest.length]).toEqual([7000, 1000, 91]);
  });

  test("puts every image into one part", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.nat(), fc.nat(), fc.nat(), (images, first, second, seed) => {
        const train = first % (images.length + 1);
        const dev = second % (images.length - train + 1);
        const split = randomSplit(images, { train, dev, seed });
        expect([split.train.length, split.dev.length]).toEqual([train, dev]);
        expect([...split.train, ...split.dev, ...split.rest].sort()).toEqual([...images].sort());
      }),
    );
  });

  test("depends on the seed, and not on the order of the images", () => {
    const options = { train: 20, dev: 5, seed: 7 };
    const some = names.slice(0, 40);
    expect(randomSplit(some.toReversed(), options)).toEqual(randomSplit(some, options));
    expect(randomSplit(some, { ...options, seed: 8 })).not.toEqual(randomSplit(some, options));
  });

  test("refuses sizes that are not whole numbers or exceed the images", () => {
    for (const options of [{ train: -1 }, { dev: 0.5 }, { train: Number.NaN }, { train: 8000, dev: 92 }]) {
      let thrown: unknown;
      try {
        randomSplit(names, options);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(EdgecapError);
      expect((thrown as EdgecapError).code).toBe("option-invalid");
    }
  });
});
