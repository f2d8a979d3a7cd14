import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Datastore } from "../../src/retrieval/datastore.ts";
import { countNgramHashes } from "../../src/retrieval/ngrams.ts";
import { type Tensor, writeSafetensors } from "../../src/retrieval/safetensors.ts";
import { datastoreFile, datastoreTensors, type StoredPhoto } from "../fixtures/small_datastore.ts";

const photos: StoredPhoto[] = [
  {
    vector: [10, 0, 0],
    captions: [
      [4, 5, 6],
      [4, 7],
    ],
  },
  { vector: [0, 3, 0], captions: [[4, 5]] },
  { vector: [-5, -5, 1], captions: [] },
  { vector: [0, 0, 0], captions: [[9]] },
];

describe("Datastore", () => {
  test("finds the photos nearest by angle, nearest first", () => {
    const datastore = new Datastore(datastoreFile(photos), "here", 10);
    const found = datastore.nearest(Float32Array.of(4, 1, 0), 3);
    expect(found.map(({ photo }) => photo)).toEqual([0, 1, 3]);
    expect(found[0]!.similarity).toBeCloseTo(4 / Math.sqrt(17), 5);
    expect(found[1]!.similarity).toBeCloseTo(1 / Math.sqrt(17), 5);
    expect(found[2]!.similarity).toBe(0);
    expect(datastore.nearest(Float32Array.of(1, 0, 0), 99)).toHaveLength(4);
  });

  test("finds what comparing every photo finds", () => {
    const vector = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(vector, { minLength: 1, maxLength: 30 }),
        vector,
        fc.integer({ min: 1, max: 30 }),
        (vectors, query, count) => {
          const stored = vectors.map((one) => ({ vector: one, captions: [[4]] }));
          const found = new Datastore(datastoreFile(stored), "here", 10).nearest(Float32Array.from(query), count);
          const cosine = (a: readonly number[], b: readonly number[]) =>
            a.reduce((sum, value, i) => sum + value * b[i]!, 0) / ((Math.hypot(...a) || 1) * (Math.hypot(...b) || 1));
          const expected = vectors.map((one) => cosine(one, query)).sort((a, b) => b - a);
          expect(found).toHaveLength(Math.min(count, vectors.length));
          for (const [rank, { photo, similarity }] of found.entries()) {
            expect(similarity).toBeCloseTo(expected[rank]!, 5);
            expect(similarity).toBeCloseTo(cosine(vectors[photo]!, query), 5);
          }
        },
      ),
    );
  });

  test("prepares a photo's vector by mean and scale", () => {
    const tensors = datastoreTensors(photos);
    const mean: Tensor = { kind: "F32", shape: [3], data: Float32Array.of(1, 2, 3) };
    const scale: Tensor = { kind: "F32", shape: [3], data: Float32Array.of(1, 10, 1) };
    const datastore = new Datastore(writeSafetensors({ ...tensors, mean, scale }), "here", 10);
    const [first] = datastore.nearest(Float32Array.of(2, 2.5, 3), 1);
    expect(first!.photo).toBe(1);
    expect(first!.similarity).toBeCloseTo(5 / Math.sqrt(26), 5);
  });

  test("gives the captions of each photo", () => {
    const datastore = new Datastore(datastoreFile(photos), "here", 10);
    const captions = photos.map((_, photo) => datastore.captions(photo).map((words) => [...words]));
    expect(captions).toEqual(photos.map((photo) => photo.captions.map((words) => [...words])));
  });

  test("weighs n-grams by how few photos have them", () => {
    const datastore = new Datastore(datastoreFile(photos), "here", 10);
    const hashOf = (...words: number[]) => [...countNgramHashes(words, 2)[words.length - 1]!.keys()][0]!;
    expect(datastore.inverseDocumentFrequency(hashOf(4))).toBeCloseTo(Math.log(4 / 2), 6);
    expect(datastore.inverseDocumentFrequency(hashOf(4, 5))).toBeCloseTo(Math.log(4 / 2), 6);
    expect(datastore.inverseDocumentFrequency(hashOf(7))).toBeCloseTo(Math.log(4), 6);
    expect(datastore.inverseDocumentFrequency(hashOf(8))).toBeCloseTo(Math.log(4), 6);
  });

  test("refuses a file that disagrees with itself, and says where", () => {
    const whole = datastoreTensors(photos);
    const list = <Kind extends "U8" | "U16">(kind: Kind, data: Tensor<Kind>["data"]) => ({
      kind,
      shape: [data.length],
      data,
    });
    const cases: [Record<string, Tensor>, string][] = [
      [{ mean: { kind: "F32", shape: [2], data: new Float32Array(2) } }, '"mean" has 2 of 3 numbers'],
      [{ scale: { kind: "I8", shape: [3], data: new Int8Array(3) } }, '"scale" should be of F32'],
      [{ captions: list("U8", Uint8Array.of(1)) }, "those of 1 of 4 photos"],
      [{ captions: list("U8", Uint8Array.of(2, 1, 0, 2)) }, "for 5 captions"],
      [{ lengths: list("U8", Uint8Array.of(3, 2, 2, 9)) }, "of 16 words"],
      [{ tokens: list("U16", Uint16Array.of(4, 5, 6, 4, 7, 4, 5, 10)) }, "the token 10 is none of a vocabulary of 10"],
      [{ frequencies: list("U16", Uint16Array.of(1)) }, "differ in length"],
    ];
    for (const [wrong, why] of cases) {
      expect(() => new Datastore(writeSafetensors({ ...whole, ...wrong }), "here", 10)).toThrow(why);
    }
    for (const name of Object.keys(whole)) {
      const { [name]: _, ...others } = whole;
      expect(() => new Datastore(writeSafetensors(others), "here", 10)).toThrow(`"${name}" should be`);
    }
  });
});
