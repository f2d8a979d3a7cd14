import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Datastore } from "../../src/retrieval/datastore.ts";
import { countNgramHashes } from "../../src/retrieval/ngrams.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { textModule } from "../../src/text/wasm.ts";
import { buildDatastore } from "../../src/training/build_datastore.ts";
import { buildFeatureCache, type FeatureCache } from "../../src/training/feature_cache.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";

const count = 12;
const images = Array.from({ length: count }, (_, i) => `${i}.jpg`);
const init = tinyBundle().files.decoderInit;

/** The features of photo `i`: the grid of 49 regions that the tiny decoder reads. */
const gridOf = (i: number) => Float32Array.from({ length: 49 * 4 }, (_, j) => Math.sin(i + (i + 1) * j));

async function withCache(work: (cache: FeatureCache) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-datastore-"));
  try {
    using cache = await buildFeatureCache({
      folder,
      encoder: Uint8Array.of(1),
      encode: async (rgb) => Float32Array.from(rgb.flatMap((photo) => [...gridOf(photo[0]!)])),
      pixels: async (image) => new Uint8Array(3).fill(Number.parseInt(image, 10)),
      images,
      size: 1,
      regions: 49,
      features: 4,
      mirrored: false,
    });
    await work(cache);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("buildDatastore()", () => {
  beforeAll(async () => {
    await textModule();
  });

  test("finds each of its photos by what the decoder makes of it", () =>
    withCache(async (cache) => {
      const photos = images.map((image, i) => ({ image, captions: [Int32Array.of(4, 5 + (i % 3)), Int32Array.of(6)] }));
      const datastore = new Datastore(await buildDatastore({ init, photos, cache }), "here", 12);
      expect(datastore.photos).toBe(count);
      await using graph = await GraphSession.create("decoder_init", init);
      for (const [i] of images.entries()) {
        const { mean } = await graph.run({ grid: { data: gridOf(i), shape: [1, 49, 4] } });
        const [first, second] = datastore.nearest(mean!.data as Float32Array, 2);
        expect(first!.photo).toBe(i);
        expect(first!.similarity).toBeGreaterThan(0.98);
        expect(second!.similarity).toBeLessThan(first!.similarity);
        expect(datastore.captions(i).map((words) => [...words])).toEqual([[4, 5 + (i % 3)], [6]]);
      }
      const hash = (...words: number[]) => [...countNgramHashes(words, 2)[words.length - 1]!.keys()][0]!;
      expect(datastore.inverseDocumentFrequency(hash(6))).toBeCloseTo(0, 6);
      expect(datastore.inverseDocumentFrequency(hash(4, 5))).toBeCloseTo(Math.log(3), 6);
      expect(datastore.inverseDocumentFrequency(hash(11))).toBeCloseTo(Math.log(count), 6);
    }));

  test("takes captions of any length and number", () =>
    withCache(async (cache) => {
      const many = Array.from({ length: 300 }, () => Int32Array.of(4));
      const photos = [
        { image: "0.jpg", captions: [new Int32Array(1000).fill(5)] },
        { image: "1.jpg", captions: many },
        { image: "2.jpg", captions: [] },
      ];
      const datastore = new Datastore(await buildDatastore({ init, photos, cache }), "here", 12);
      expect(datastore.captions(0).map(({ length }) => length)).toEqual([255]);
      expect(datastore.captions(1)).toHaveLength(255);
      expect(datastore.captions(2)).toEqual([]);
    }));

  test("stops where its signal is aborted", () =>
    withCache(async (cache) => {
      const photos = [{ image: "0.jpg", captions: [] }];
      await expect(buildDatastore({ init, photos, cache, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    }));
});
