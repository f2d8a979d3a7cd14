/** Things that must not change a caption: threads, places, other photos, cancelled work. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type Caption, type Captioner, type CaptionOptions, EdgecapError, load } from "../src/mod.ts";
import { tinyBundleFiles } from "./fixtures/tiny_bundle.ts";

const names = ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg"];
const photos = names.map((name) => readFileSync(new URL(`../examples/${name}`, import.meta.url)));
const bad: readonly Uint8Array[] = [
  new Uint8Array(),
  new TextEncoder().encode("no picture"),
  photos[0]!.subarray(0, 5000),
  photos[1]!.map((byte, place) => (place > 400 && place % 97 === 0 ? byte ^ 0xff : byte)),
];

/** The part of a caption to compare: everything except its times. */
function withoutTiming({ timing: _, ...caption }: Caption): Omit<Caption, "timing"> {
  return caption;
}

describe("a caption", () => {
  let captioner: Captioner;
  let alone: Omit<Caption, "timing">[];

  beforeAll(async () => {
    captioner = await load({ bundle: await tinyBundleFiles() });
    alone = [];
    for (const photo of photos) alone.push(withoutTiming(await captioner.caption(photo)));
  });

  afterAll(() => captioner[Symbol.asyncDispose]());

  test("does not depend on the photos before it, good or bad, nor on its place in a batch", async () => {
    const place = fc.oneof(
      fc.nat(photos.length - 1).map((index) => ({ index, bytes: photos[index]! })),
      fc.nat(bad.length - 1).map((index) => ({ index: undefined, bytes: bad[index]! })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 6 }), async (row) => {
        let at = 0;
        for await (const result of captioner.captionAll(row.map(({ bytes }) => bytes))) {
          const { index } = row[at++]!;
          if (result.error !== undefined) {
            expect(index).toBe(undefined);
            continue;
          }
          const { index: _, error: __, ...caption } = result;
          if (index !== undefined) expect(withoutTiming(caption)).toEqual(alone[index]!);
        }
        expect(at).toBe(row.length);
      }),
      { numRuns: 15 },
    );
  });

  test("is the same with one thread and with two", async () => {
    await using two = await load({ bundle: await tinyBundleFiles(), threads: 2 });
    for (const [index, photo] of photos.entries()) {
      const caption = await two.caption(photo);
      expect(caption.caption).toBe(alone[index]!.caption);
      expect(caption.logProbability).toBeCloseTo(alone[index]!.logProbability, 4);
    }
  });

  test("with one beam equals drawing only from the likeliest word, whatever the seed", async () => {
    for (const photo of photos) {
      const greedy = await captioner.caption(photo, { beams: 1 });
      const drawn = await captioner.caption(photo, { beams: 1, temperature: 5, topK: 1, seed: 7 });
      expect(drawn.caption).toBe(greedy.caption);
      expect(drawn.logProbability).toBeCloseTo(greedy.logProbability, 5);
    }
  });

  test("that was cancelled at any time leaves nothing behind", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(photos.length - 1), fc.nat(4), fc.nat(photos.length - 1), async (one, words, other) => {
        const stop = new AbortController();
        let seen = 0;
        try {
          // Nothing competes, so that words are reported as they are decided.
          const options: CaptionOptions = { beams: 1, signal: stop.signal };
          for await (const _ of captioner.stream(photos[one]!, options)) if (seen++ === words) stop.abort();
        } catch (error) {
          expect(error).toBe(stop.signal.reason);
        }
        expect(withoutTiming(await captioner.caption(photos[other]!))).toEqual(alone[other]!);
      }),
      { numRuns: 15 },
    );
  });

  test("that was cancelled before it began costs the others nothing", async () => {
    const stop = new AbortController();
    const cancelled = captioner.caption(photos[0]!, { signal: stop.signal }).catch((error: unknown) => error);
    const beside = captioner.caption(photos[1]!);
    stop.abort();
    expect(await cancelled).toBe(stop.signal.reason);
    expect(withoutTiming(await beside)).toEqual(alone[1]!);
  });

  test("drawn by a seed is the same again, next to others and after a failure", async () => {
    const options = { temperature: 1, seed: 11 };
    const first = withoutTiming(await captioner.caption(photos[2]!, options));
    await captioner.caption(bad[1]!).catch((error: unknown) => expect(error).toBeInstanceOf(EdgecapError));
    const [again] = await Promise.all([captioner.caption(photos[2]!, options), captioner.caption(photos[3]!)]);
    expect(withoutTiming(again)).toEqual(first);
  });
});
