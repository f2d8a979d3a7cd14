import { expect, test } from "bun:test";
import { ResultsFile } from "../../src/batch/results_file.ts";
import { runBatch } from "../../src/batch/run_batch.ts";
import { named, read, Stub, withPath } from "../fixtures/stub_batch.ts";

test("runBatch() needs no more memory for more pictures", () =>
  withPath(async (path) => {
    await using results = await ResultsFile.open(path);
    const heapAt: number[] = [];
    async function* counted() {
      for await (const image of named(60_000)) {
        if (Number.parseInt(image, 10) % 15_000 === 14_999) {
          Bun.gc(true);
          heapAt.push(process.memoryUsage().heapUsed);
        }
        yield image;
      }
    }
    await runBatch({ images: counted(), read, captioner: new Stub(4), results });
    // 16 bytes per picture are expected to stay; a list of paths and captions would take ten times that.
    expect(heapAt.at(-1)! - heapAt[0]!).toBeLessThan(45_000 * 160);
  }));
