import { beforeAll, describe, expect, test } from "bun:test";
import { parseNouns } from "../../../src/concepts/noun_table.ts";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { firstClassWeights, fitClassWeights } from "../../../src/training/concepts/class_weights.ts";
import { conceptProbabilities, fitConceptHead } from "../../../src/training/concepts/concept_head.ts";
import { conceptTargets } from "../../../src/training/concepts/concept_targets.ts";
import { crossFit } from "../../../src/training/concepts/cross_fit.ts";
import { regressLogits } from "../../../src/training/concepts/logit_regression.ts";
import { nounVectors } from "../../../src/training/concepts/noun_vectors.ts";
import { startTensorflow } from "../../../src/training/tensorflow.ts";

const features = 12;
const nouns = 3;
const count = 240;

/** Photos whose noun one feature each shows; for the last noun, a third is unknown. */
function examples() {
  const random = new SeededRandom(4);
  const means = Float32Array.from({ length: count * features }, () => 0.3 * Math.abs(random.normal()));
  const wanted = new Float32Array(count * nouns);
  const weights = new Float32Array(count * nouns).fill(1);
  for (let row = 0; row < count; row++) {
    for (let noun = 0; noun < nouns; noun++) {
      if (random.next() >= 0.4) continue;
      wanted[row * nouns + noun] = 1;
      means[row * features + noun] = 1 + random.next();
    }
    // Wrong, and without weight.
    if (row % 3 === 0) {
      wanted[row * nouns + 2] = 1 - wanted[row * nouns + 2]!;
      weights[row * nouns + 2] = 0;
    }
  }
  return { means, features, wanted, weights, nouns };
}

const settings = { epochs: 30, learningRate: 0.05, weightDecay: 0.01, batch: 32, dropout: 0.1 };

describe("fitConceptHead()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  test("learns which features indicate a noun, and nothing from examples without weight", async () => {
    const data = examples();
    const all = Array.from({ length: count }, (_, i) => i);
    const head = await fitConceptHead(data, all, new SeededRandom(1), settings);
    const probabilities = conceptProbabilities(head, data.means, features);
    let right = 0;
    let known = 0;
    for (const [i, probability] of probabilities.entries()) {
      if (data.weights[i] === 0) continue;
      known++;
      if (probability > 0.5 === data.wanted[i]! > 0.5) right++;
    }
    expect(right / known).toBeGreaterThan(0.97);
    for (let noun = 0; noun < nouns; noun++) {
      const weights = Array.from({ length: features }, (_, feature) => head.kernel[feature * nouns + noun]!);
      expect(weights.indexOf(Math.max(...weights))).toBe(noun);
    }
  });

  test("stops at a signal", async () => {
    const fitting = fitConceptHead(examples(), [0, 1, 2], new SeededRandom(1), settings, AbortSignal.abort());
    await expect(fitting).rejects.toThrow();
  });
});

describe("crossFit()", () => {
  test("judges each photo by a head that has seen none of its views", async () => {
    // Each of forty photos has its own feature, which says nothing about the others.
    const photos = 40;
    const photoOf = Array.from({ length: 2 * photos }, (_, row) => Math.floor(row / 2));
    const data = {
      means: Float32Array.from(
        photoOf.flatMap((photo) => Array.from({ length: photos }, (_, i) => Number(i === photo))),
      ),
      features: photos,
      wanted: Float32Array.from(photoOf, (photo) => photo % 2),
      weights: new Float32Array(photoOf.length).fill(1),
      nouns: 1,
    };
    const { head, probabilities } = await crossFit(data, photoOf, { seed: 1, settings: { ...settings, dropout: 0 } });
    const known = conceptProbabilities(head, data.means, photos);
    for (const [row, photo] of photoOf.entries()) expect(known[row]! > 0.5).toBe(photo % 2 === 1);
    // A head that has not seen a photo knows nothing about it.
    const [even, odd] = [0, 1].map((rest) => probabilities.filter((_, row) => photoOf[row]! % 2 === rest));
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value / values.length, 0);
    expect(Math.abs(mean(even!) - mean(odd!))).toBeLessThan(0.15);
  });
});

describe("conceptTargets()", () => {
  const table = parseNouns("dog | | 1\ncat | | 2\nkite | |\n");
  const classes = (values: Readonly<Record<number, number>>) =>
    Float32Array.from({ length: 1000 }, (_, number) => values[number] ?? 0);
  const values = (array: Float32Array) => [...array].map((value) => Number(value.toFixed(3)));

  test("counts a noun as present if two captions name it, and as half present if one of several does", () => {
    const captions = [new Set([0]), new Set([0, 2]), new Set<number>()];
    const { wanted, weights } = conceptTargets(table, { captions, classes: classes({}) });
    expect(values(wanted)).toEqual([1, 0, 0.5]);
    expect(values(weights)).toEqual([1, 1, 1]);
  });

  test("counts a noun as present if ImageNet's network is sure of it, even if nobody names it", () => {
    const { wanted } = conceptTargets(table, {
      captions: [new Set(), new Set()],
      classes: classes({ 2: 0.8, 1: 0.1 }),
    });
    expect(values(wanted)).toEqual([0, 0.8, 0]);
  });

  test("learns little from what a single caption leaves out, and nothing about nouns that nobody could have named", () => {
    const one = conceptTargets(table, { captions: [new Set([0])], classes: classes({}) });
    expect(values(one.weights)).toEqual([1, 0.15, 0.15]);
    const none = conceptTargets(table, { captions: [], classes: classes({ 1: 0.6 }) });
    expect(values(none.wanted)).toEqual([0.6, 0, 0]);
    expect(values(none.weights)).toEqual([1, 0.05, 0]);
  });
});

describe("nounVectors()", () => {
  test("gives the mean of a name's words, each number about 1, and zeros for what has no vector", () => {
    const vectors = new Map([
      ["traffic", Float32Array.of(3, 0)],
      ["light", Float32Array.of(1, 4)],
    ]);
    const made = nounVectors([{ name: "traffic light" }, { name: "unheard" }], vectors, 2);
    expect(Math.hypot(made[0]!, made[1]!)).toBeCloseTo(Math.SQRT2, 5);
    expect(made[0]).toBeCloseTo(made[1]!, 5);
    expect([...made.slice(2)]).toEqual([0, 0]);
  });
});

describe("regressLogits()", () => {
  test("imitates another classifier, also on new photos, and says nothing about nouns that the other does not know", async () => {
    const random = new SeededRandom(8);
    const rows = 3500;
    const means = Float32Array.from({ length: rows * features }, () => Math.abs(random.normal()));
    // Noun 0 is rare: the other classifier calls few photos likely, but says how far each is from it.
    const other = (row: number) =>
      1 / (1 + Math.exp(-(0.2 * means[row * features]! - 0.3 * means[row * features + 1]! - 3)));
    const probabilities = new Float32Array(rows * 2).fill(0.9);
    for (let row = 0; row < rows; row++) probabilities[row * 2] = other(row);
    const learned = { means: means.subarray(0, 3000 * features), probabilities: probabilities.subarray(0, 6000) };
    const head = await regressLogits({ ...learned, features, nouns: 2, known: (noun) => noun === 0 }, random);
    const found = conceptProbabilities(head, means.subarray(3000 * features), features);
    const places = Array.from({ length: 500 }, (_, i) => i);
    const byOther = places.toSorted((a, b) => other(3000 + b) - other(3000 + a)).slice(0, 50);
    const byHead = new Set(places.toSorted((a, b) => found[b * 2]! - found[a * 2]!).slice(0, 50));
    expect(byOther.filter((place) => byHead.has(place)).length).toBeGreaterThan(30);
    for (const place of places) expect(found[place * 2 + 1]!).toBeLessThan(0.03);
  });
});

describe("fitClassWeights()", () => {
  /** A classifier of three classes, one feature each; class 2 is of no example. */
  const classifier = {
    kernel: Float32Array.from({ length: features * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) - 6 ? 12 : 0)),
    bias: new Float32Array(3),
  };
  const table = parseNouns("dog | | 0\ncat | | 1\nlion | | 2\n");
  const photoOf = (feature: number) => Float32Array.from({ length: features }, (_, i) => Number(i === feature));

  test("learns what the classes say about nouns, and keeps what it said before about those that no example shows", async () => {
    const data = examples();
    const all = Array.from({ length: count }, (_, i) => i);
    // Wherever the classifier sees a cat, people name a dog.
    for (const row of all) {
      const seen = 6 + (row % 2);
      for (let feature = 6; feature < 9; feature++) data.means[row * features + feature] = Number(feature === seen);
      data.wanted.set([1, 0, 0], row * nouns);
      data.weights.fill(1, row * nouns, (row + 1) * nouns);
    }
    const head = { kernel: new Float32Array(features * nouns), bias: new Float32Array(nouns).fill(-4) };
    const first = { classifier, weights: firstClassWeights(table, [0, 1, 2]) };
    const quick = { epochs: 30, learningRate: 0.2, weightDecay: 0.01, batch: 32 };
    const found = await fitClassWeights(head, first, data, all, new SeededRandom(1), quick);
    expect(found.kernel).toBe(head.kernel);
    expect(found.classes!.kernel).toBe(classifier.kernel);
    const of = (feature: number) => conceptProbabilities(found, photoOf(feature), features);
    expect(of(7)[0]).toBeGreaterThan(0.9);
    expect(of(7)[1]).toBeLessThan(0.1);
    // Nobody has seen a lion.
    const lion = of(8);
    expect(lion[2]).toBeGreaterThan(0.9);
    expect(lion[0]).toBeLessThan(0.1);
    expect(lion[1]).toBeLessThan(0.1);
  });

  test("stops at a signal", async () => {
    const head = { kernel: new Float32Array(features * nouns), bias: new Float32Array(nouns) };
    const first = { classifier, weights: firstClassWeights(table, [0, 1, 2]) };
    const fitting = fitClassWeights(head, first, examples(), [0], new SeededRandom(1), undefined, AbortSignal.abort());
    await expect(fitting).rejects.toThrow();
  });
});

describe("firstClassWeights()", () => {
  test("speaks for the nouns of a class, against others that have classes, most against other animals", () => {
    const nouns = parseNouns("dog | | 151-268\ncat | | 281-285\ncup | | 968\nkite | |\n");
    const chosen = [200, 282, 968];
    const weights = firstClassWeights(nouns, chosen);
    expect(weights.length).toBe(12);
    const of = (number: number) => [...weights.subarray(4 * chosen.indexOf(number)).subarray(0, 4)];
    const [dog, cat, cup, kite] = of(200) as [number, number, number, number];
    expect(dog).toBeGreaterThan(4);
    expect(cat).toBeLessThan(cup);
    expect(cup).toBeLessThan(0);
    expect(kite).toBe(0);
    expect(of(968)).toEqual([cup, cup, dog, 0]);
  });
});
