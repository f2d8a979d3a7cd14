import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CiderScorer } from "../../src/evaluation/mod.ts";
import { consensus } from "../../src/retrieval/consensus.ts";
import { Datastore } from "../../src/retrieval/datastore.ts";
import { datastoreFile } from "../fixtures/small_datastore.ts";

/** Captions in which no word comes twice: CIDEr-D clips only n-grams that do. */
const caption = fc.uniqueArray(fc.integer({ min: 4, max: 30 }), { minLength: 1, maxLength: 8 });
const captions = fc.array(caption, { minLength: 1, maxLength: 3 });

/** Words as CIDEr-D takes them, the end being one. */
const names = (tokens: readonly number[]) => [...tokens.map(String), "end"];

describe("consensus()", () => {
  test("is the CIDEr-D of each candidate against the neighbours' captions", () => {
    fc.assert(
      fc.property(fc.array(captions, { minLength: 2, maxLength: 6 }), captions, (stored, candidates) => {
        const photos = stored.map((ofPhoto) => ({ vector: [1], captions: ofPhoto }));
        const datastore = new Datastore(datastoreFile(photos), "here", 31);
        const neighbours = photos.map((_, photo) => ({ photo, similarity: 1 }));
        const cider = new CiderScorer(new Map(stored.map((ofPhoto, photo) => [String(photo), ofPhoto.map(names)])));
        const found = consensus(candidates, neighbours, datastore, 2);
        for (const [i, candidate] of candidates.entries()) {
          const scores = stored.map((_, photo) => cider.score(String(photo), names(candidate)) / 10);
          expect(found[i]!).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / scores.length, 4);
        }
      }),
    );
  });

  test("asks the neighbours alone", () => {
    const photos = [
      { vector: [1], captions: [[4, 5, 6]] },
      { vector: [1], captions: [[7, 8]] },
      { vector: [1], captions: [[9]] },
    ];
    const datastore = new Datastore(datastoreFile(photos), "here", 10);
    const [same, other] = consensus(
      [
        [4, 5, 6],
        [7, 8],
      ],
      [{ photo: 0, similarity: 1 }],
      datastore,
      2,
    );
    expect(same!).toBeCloseTo(1, 5);
    expect(other!).toBeLessThan(0.1);
  });

  test("gives nothing where the neighbours have no captions", () => {
    const datastore = new Datastore(datastoreFile([{ vector: [1], captions: [] }]), "here", 10);
    expect([...consensus([[4]], [{ photo: 0, similarity: 1 }], datastore, 2)]).toEqual([0]);
  });
});
