import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Datastore } from "../../../src/retrieval/datastore.ts";
import { GraphSession } from "../../../src/runtime/graph_session.ts";
import { textModule } from "../../../src/text/text_module.ts";
import { buildFeatureCache, type FeatureCache } from "../../../src/training/encoder/feature_cache.ts";
import { buildDatastore } from "../../../src/training/run/build_datastore.ts";
import { tinyBundle } from "../../fixtures/tiny_bundle.ts";

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
      views: 1,
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

  test("finds each of its photos by the decoder's vector of it", () =>
    withCache(async (cache) => {
      const photos = images.map((image, i) => ({ image, captions: [Int32Array.of(4, 5 + (i % 3)), Int32Array.of(6)] }));
      using datastore = new Datastore(await buildDatastore({ init, photos, cache }), "here", 12);
      expect(datastore.photos).toBe(count);
      await using graph = await GraphSession.create("decoder_init", init);
      for (const [i] of images.entries()) {
        const { mean } = await graph.run({ grid: { data: gridOf(i), shape: [1, 49, 4] } });
        const [first] = datastore.nearest(mean!.data as Float32Array, 1);
        expect(first).toBe(i);
        // Its own captions agree as far as two captions with one word in common can.
        const captions = [[4, 5 + (i % 3)], [6], [11]].map((words) => Uint32Array.from(words));
        const [own, other, none] = datastore.consensus(captions, Uint32Array.of(i), 2);
        expect(own!).toBeGreaterThan(none!);
        expect(other!).toBe(0);
      }
    }));

  test("takes captions of any length and number", () =>
    withCache(async (cache) => {
      const many = Array.from({ length: 300 }, () => Int32Array.of(4));
      const photos = [
        { image: "0.jpg", captions: [new Int32Array(1000).fill(5)] },
        { image: "1.jpg", captions: many },
        { image: "2.jpg", captions: [] },
      ];
      using datastore = new Datastore(await buildDatastore({ init, photos, cache }), "here", 12);
      const captions = [Uint32Array.from({ length: 255 }, () => 5), Uint32Array.of(4)];
      const agreement = (photo: number) => [...datastore.consensus(captions, Uint32Array.of(photo), 2)];
      expect(agreement(0)[0]!).toBeCloseTo(1, 5);
      expect(agreement(1)[1]!).toBeCloseTo(0.5, 5);
      expect(agreement(2)).toEqual([0, 0]);
    }));

  test("stops when its signal is aborted", () =>
    withCache(async (cache) => {
      const photos = [{ image: "0.jpg", captions: [] }];
      await expect(buildDatastore({ init, photos, cache, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    }));
});
