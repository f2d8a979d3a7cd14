import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { ResultsFile } from "../../src/batch/results_file.ts";
import { type BatchCaptioner, runBatch } from "../../src/batch/run_batch.ts";
import type { Caption } from "../../src/caption/caption.ts";
import { EdgecapError } from "../../src/errors.ts";
import { codeOf, reasonOf } from "../code_of.ts";
import { named, read, Stub, stubCaption, withPath } from "../fixtures/stub_batch.ts";

const linesOf = async (path: string) => (await readFile(path, "utf8")).trimEnd().split("\n");

describe("runBatch()", () => {
  test("captions each picture once, and skips those that are done", () =>
    withPath(async (path) => {
      const captioner = new Stub();
      for (const [count, captioned, skipped] of [
        [30, 30, 0],
        [50, 20, 30],
      ] as const) {
        await using results = await ResultsFile.open(path);
        const counts = await runBatch({ images: named(count), read, captioner, results });
        expect(counts).toEqual({ captioned, skipped, failed: 0, leftOut: 0, failures: {} });
      }
      const images = (await linesOf(path)).map((line) => (JSON.parse(line) as { image: string }).image);
      expect(new Set(images).size).toBe(50);
      expect(images).toHaveLength(50);
      expect(captioner.most).toBe(4);
    }));

  test("uses a picture once even if it is named twice", () =>
    withPath(async (path) => {
      async function* twice() {
        yield* named(3);
        yield* named(3);
      }
      await using results = await ResultsFile.open(path);
      const counts = await runBatch({ images: twice(), read, captioner: new Stub(), results });
      expect(counts).toMatchObject({ captioned: 3, skipped: 3 });
    }));

  test("records failures by code, and continues", () =>
    withPath(async (path) => {
      const captioner = new Stub(1, (image) => {
        if (image === "1.jpg") return new EdgecapError("image-corrupt", "It ends early.");
        return image === "2.jpg" ? new TypeError("a mistake") : undefined;
      });
      await using results = await ResultsFile.open(path);
      const counts = await runBatch({ images: named(4), read, captioner, results });
      expect(counts).toMatchObject({ captioned: 2, failed: 2, failures: { "image-corrupt": 1, internal: 1 } });
      const failed = (await linesOf(path)).map((line) => JSON.parse(line)).filter(({ error }) => error !== undefined);
      expect(failed).toEqual([
        { image: "1.jpg", error: { code: "image-corrupt", message: "It ends early." } },
        { image: "2.jpg", error: { code: "internal", message: "a mistake" } },
      ]);
    }));

  test("records captions that are less sure than requested, also when it resumes", () =>
    withPath(async (path) => {
      const unsure = { ...stubCaption, caption: "", reason: "unsure" as const, confidence: 0.2 };
      const captioner = { workers: 1, caption: async () => unsure };
      for (const before of [0, 3]) {
        await using results = await ResultsFile.open(path);
        expect(results.before.leftOut).toBe(before);
        const counts = await runBatch({ images: named(3), read, captioner, results });
        expect(counts).toMatchObject({ captioned: 3 - before, leftOut: 3 - before, failed: 0 });
      }
      const line = JSON.parse((await linesOf(path))[0]!);
      expect(line).toMatchObject({ image: "0.jpg", caption: "", reason: "unsure", confidence: 0.2 });
    }));

  test("ends at a failure that would repeat with every other picture", () =>
    withPath(async (path) => {
      const captioner = new Stub(1, () => new EdgecapError("option-invalid", "beams is 0"));
      await using results = await ResultsFile.open(path);
      expect(await codeOf(runBatch({ images: named(100), read, captioner, results }))).toBe("option-invalid");
      expect(await readFile(path, "utf8")).toBe("");
    }));

  test("stops at its signal, with complete lines, and continues later", () =>
    withPath(async (path) => {
      const stop = new AbortController();
      const reason = new Error("interrupted");
      {
        await using results = await ResultsFile.open(path);
        const onDone = ({ captioned }: { captioned: number }) => {
          if (captioned === 10) stop.abort(reason);
        };
        const work = runBatch({
          images: named(1000),
          read,
          captioner: new Stub(),
          results,
          onDone,
          signal: stop.signal,
        });
        expect(await reasonOf(work)).toBe(reason);
      }
      expect((await linesOf(path)).length).toBeLessThan(20);
      await using results = await ResultsFile.open(path);
      await runBatch({ images: named(40), read, captioner: new Stub(), results });
      expect(new Set(await linesOf(path)).size).toBe(40);
    }));

  test("starts the captioner once, before the first picture, and not at all without pictures", () =>
    withPath(async (path) => {
      const calls: string[] = [];
      const captioner = {
        workers: 1,
        start: async () => void calls.push("start"),
        caption: async () => {
          calls.push("caption");
          return stubCaption;
        },
      };
      for (const _ of [1, 2]) {
        await using results = await ResultsFile.open(path);
        await runBatch({ images: named(3), read, captioner, results });
        expect(calls).toEqual(["start", "caption", "caption", "caption"]);
      }
    }));

  test("writes nothing about pictures that it gives up, after its signal or a failure that ends it", () =>
    withPath(async (path) => {
      for (const isFatal of [false, true]) {
        const stop = new AbortController();
        let begun = 0;
        const captioner: BatchCaptioner = {
          workers: 2,
          caption: async (_image, _options, signal) => {
            begun++;
            // All pictures that begin at once wait for the last of them.
            if (begun === 4 && isFatal) throw new EdgecapError("bundle-missing", "It is gone.");
            const { promise, reject } = Promise.withResolvers<Caption>();
            signal!.addEventListener("abort", () => reject(new Error("given up")));
            if (begun === 4) stop.abort(new Error("left"));
            return await promise;
          },
        };
        await using results = await ResultsFile.open(path);
        const work = runBatch({ images: named(100), read, captioner, results, signal: stop.signal });
        await expect(work).rejects.toThrow(isFatal ? "It is gone." : "left");
        expect([isFatal, begun, await readFile(path, "utf8")]).toEqual([isFatal, 4, ""]);
      }
    }));
});
