import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { chooseClasses, takeClasses } from "../../../src/training/concepts/choose_classes.ts";

const features = 8;
const classes = 1000;

/** Weights at random, except that classes 10 to 19 are nearly the same. */
function kernelOf(seed: number): Float32Array {
  const random = new SeededRandom(seed);
  const kernel = Float32Array.from({ length: features * classes }, () => random.next() - 0.5);
  for (let i = 0; i < features; i++) {
    for (let number = 11; number < 20; number++)
      kernel[i * classes + number] = kernel[i * classes + 10]! + 1e-3 * random.next();
  }
  return kernel;
}

const dogs = { classes: [10, 11, 12, 13, 14, 15, 16, 17, 18, 19] };
const boats = { classes: [30, 31, 32, 33, 34] };

describe("chooseClasses()", () => {
  test("keeps as many as asked for, each once, in order", () => {
    for (const count of [6, 7, 100, 999, 1000]) {
      const chosen = chooseClasses({ kernel: kernelOf(1) }, [dogs, boats], count);
      expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
      expect(chosen.length).toBe(count);
      expect(chosen.every((number) => number >= 0 && number < classes)).toBe(true);
    }
  });

  test("keeps two of a group of very similar classes, and all of those that differ", () => {
    const chosen = new Set(chooseClasses({ kernel: kernelOf(2) }, [dogs, boats], 990));
    expect(dogs.classes.filter((number) => chosen.has(number)).length).toBe(2);
    expect(boats.classes.every((number) => chosen.has(number))).toBe(true);
  });

  test("separates classes that show one noun from classes that show two", () => {
    const kernel = kernelOf(3);
    const parrot = { classes: [18, 19] };
    const chosen = new Set(chooseClasses({ kernel }, [dogs, parrot, boats], 990));
    expect(dogs.classes.filter((number) => chosen.has(number)).length).toBe(4);
    expect(parrot.classes.every((number) => chosen.has(number))).toBe(true);
  });

  test("prefers the class that no kept one is like", () => {
    const kernel = kernelOf(4);
    for (let i = 0; i < features; i++) kernel[i * classes + 15] = -kernel[i * classes + 10]!;
    expect(chooseClasses({ kernel }, [dogs], 4)).toContain(15);
  });
});

describe("takeClasses()", () => {
  test("takes the columns and the bias of the chosen classes", () => {
    const kernel = Float32Array.from({ length: 2 * classes }, (_, i) => i);
    const bias = Float32Array.from({ length: classes }, (_, i) => -i);
    const taken = takeClasses({ kernel, bias }, [3, 500, 999]);
    expect([...taken.kernel]).toEqual([3, 500, 999, 1003, 1500, 1999]);
    expect([...taken.bias]).toEqual([-3, -500, -999]);
  });
});
