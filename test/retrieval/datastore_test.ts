import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CiderScorer } from "../../src/evaluation/mod.ts";
import { type Tensor, writeSafetensors } from "../../src/files/safetensors.ts";
import { Datastore } from "../../src/retrieval/datastore.ts";
import { loadedTextModule } from "../../src/text/text_crate.ts";
import { textModule } from "../../src/text/text_module.ts";
import { datastoreFile, datastoreTensors, type StoredPhoto } from "../fixtures/small_datastore.ts";
import { ngramsOf } from "../reference/ngrams.ts";

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

beforeAll(async () => {
  await textModule();
});

test("n-grams are hashed as the reference implementation hashes them", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffffffff), { maxLength: 12 }), fc.nat(9), (words, endId) => {
      const hashes = loadedTextModule().ngramHashes(Uint32Array.from(words), endId);
      expect([...hashes]).toEqual(ngramsOf(words, endId).map(({ hash }) => hash));
    }),
  );
});

describe("Datastore.nearest()", () => {
  test("finds the photos nearest by angle, nearest first", () => {
    using datastore = new Datastore(datastoreFile(photos), "here", 10);
    expect([...datastore.nearest(Float32Array.of(4, 1, 0), 3)]).toEqual([0, 1, 3]);
    expect([...datastore.nearest(Float32Array.of(1, 0, 0), 99)]).toHaveLength(4);
    expect([datastore.photos, datastore.dimensions]).toEqual([4, 3]);
  });

  test("finds the same as comparing every photo", () => {
    const vector = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 11, maxLength: 11 });
    const vectors = fc.array(vector, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(vectors, vector, fc.integer({ min: 1, max: 30 }), (stored, query, count) => {
        using datastore = new Datastore(
          datastoreFile(stored.map((one) => ({ vector: one, captions: [] }))),
          "here",
          10,
        );
        const found = datastore.nearest(Float32Array.from(query), count);
        const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
        const likeness = stored.map((one) => dot(one, query) / (Math.hypot(...one) || 1));
        const expected = [...likeness].sort((a, b) => b - a);
        expect(new Set(found).size).toBe(Math.min(count, stored.length));
        for (const [rank, photo] of found.entries()) expect(likeness[photo]!).toBeCloseTo(expected[rank]!, 3);
      }),
    );
  });

  test("prepares a photo's vector by mean and scale", () => {
    const mean: Tensor = { kind: "F32", shape: [3], data: Float32Array.of(1, 2, 3) };
    const scale: Tensor = { kind: "F32", shape: [3], data: Float32Array.of(1, 10, 1) };
    const file = writeSafetensors({ ...datastoreTensors(photos), mean, scale });
    using datastore = new Datastore(file, "here", 10);
    expect(datastore.nearest(Float32Array.of(2, 2.5, 3), 1)[0]).toBe(1);
  });
});

test("Datastore.likeness() is the mean cosine", () => {
  const vector = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(vector, { minLength: 1, maxLength: 9 }), vector, (stored, query) => {
      using datastore = new Datastore(datastoreFile(stored.map((one) => ({ vector: one, captions: [] }))), "here", 10);
      const cosines = stored.map((one) => {
        const dot = one.reduce((sum, x, i) => sum + x * query[i]!, 0);
        return dot / ((Math.hypot(...one) || 1) * (Math.hypot(...query) || 1));
      });
      const expected = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
      const found = datastore.likeness(Float32Array.from(query), Uint32Array.from(stored.keys()));
      expect(found).toBeCloseTo(expected, 5);
    }),
  );
  using datastore = new Datastore(datastoreFile(photos), "here", 10);
  expect(datastore.likeness(Float32Array.of(1, 0, 0), new Uint32Array(0))).toBeCloseTo(0, 12);
});

describe("Datastore.consensus()", () => {
  /** Captions without a repeated word: CIDEr-D only clips repeated n-grams. */
  const caption = fc.uniqueArray(fc.integer({ min: 4, max: 30 }), { minLength: 1, maxLength: 8 });
  const captions = fc.array(caption, { minLength: 1, maxLength: 3 });
  /** Words as CIDEr-D reads them; the end is one. */
  const names = (tokens: readonly number[]) => [...tokens.map(String), "end"];

  test("is the mean CIDEr-D of each caption against those of the photos", () => {
    fc.assert(
      fc.property(fc.array(captions, { minLength: 2, maxLength: 6 }), captions, (stored, candidates) => {
        const file = datastoreFile(stored.map((ofPhoto) => ({ vector: [1], captions: ofPhoto })));
        using datastore = new Datastore(file, "here", 31);
        const cider = new CiderScorer(new Map(stored.map((ofPhoto, photo) => [String(photo), ofPhoto.map(names)])));
        const asked = Uint32Array.from(stored.keys());
        const words = candidates.map((tokens) => Uint32Array.from(tokens));
        for (const [i, agreement] of datastore.consensus(words, asked, 2).entries()) {
          const scores = stored.map((_, photo) => cider.score(String(photo), names(candidates[i]!)) / 10);
          expect(agreement).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / scores.length, 6);
        }
      }),
    );
  });

  test("uses only the named photos", () => {
    using datastore = new Datastore(datastoreFile(photos), "here", 10);
    const wanted = [Uint32Array.of(4, 5), Uint32Array.of(9)];
    const [same, other] = datastore.consensus(wanted, Uint32Array.of(1), 2);
    expect(same!).toBeGreaterThan(0.7);
    expect(other!).toBeLessThan(0.1);
    expect([...datastore.consensus(wanted, Uint32Array.of(2), 2)]).toEqual([0, 0]);
  });
});

describe("new Datastore()", () => {
  test("refuses a file that is inconsistent, and says where", () => {
    const whole = datastoreTensors(photos);
    const list = <Kind extends "U8" | "U16" | "U32">(kind: Kind, data: Tensor<Kind>["data"]): Tensor => ({
      kind,
      shape: [data.length],
      data,
    });
    const cases: [Record<string, Tensor>, string][] = [
      [{ mean: { kind: "F32", shape: [2], data: new Float32Array(2) } }, '"scale" has 3 of 2 numbers'],
      [{ scale: { kind: "I8", shape: [3], data: new Int8Array(3) } }, '"scale" should be of F32'],
      [{ captions: list("U8", Uint8Array.of(1)) }, '"vectors" has 12 of 3 numbers'],
      [{ captions: list("U8", Uint8Array.of(2, 1, 0, 2)) }, '"lengths" has 4 of 5 numbers'],
      [{ lengths: list("U8", Uint8Array.of(3, 2, 2, 9)) }, '"tokens" has 8 of 16 numbers'],
      [{ tokens: list("U16", Uint16Array.of(4, 5, 6, 4, 7, 4, 5, 10)) }, "the token 10 is not in the vocabulary of 10"],
      [{ frequencies: list("U16", Uint16Array.of(1)) }, '"frequencies" has 1 of'],
      [{ ngrams: list("U32", Uint32Array.of(2, 1)), frequencies: list("U16", Uint16Array.of(2, 2)) }, "do not rise"],
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
