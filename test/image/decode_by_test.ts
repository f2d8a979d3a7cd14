/** What becomes of the decoder's answers, by a decoder that answers what the test says. */
import { describe, expect, test } from "bun:test";
import { EdgecapError } from "../../src/errors.ts";
import { decodeBy, probeBy } from "../../src/image/decode_by.ts";
import type { ImageModule } from "../../src/image/image_crate.ts";
import { imageModule } from "../../src/image/image_module.ts";

const bytes = Uint8Array.of(1, 2, 3);

/** A decoder that finds a picture of 40 x 30 pixels, or throws. */
function decoder(thrown?: unknown) {
  const calls: unknown[][] = [];
  let freed = 0;
  const header = () => ({ width: 40, height: 30, format: "png", free: () => freed++ });
  const answer = (width: number, height: number) => {
    if (thrown !== undefined) throw thrown;
    const dispose = () => freed++;
    return { header: header(), width, height, takeRgb: () => Uint8Array.of(7), [Symbol.dispose]: dispose };
  };
  const module = {
    probe: (...given: unknown[]) => {
      calls.push(["probe", ...given]);
      if (thrown !== undefined) throw thrown;
      return header();
    },
    decode: (...given: [Uint8Array, number, number, number]) => {
      calls.push(["decode", ...given]);
      return answer(given[1], given[2]);
    },
    decodeWithin: (...given: [Uint8Array, number, number]) => {
      calls.push(["decodeWithin", ...given]);
      return answer(given[1], 3);
    },
  } as unknown as ImageModule;
  return { start: async () => module, calls, freed: () => freed };
}

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("decodeBy()", () => {
  test("asks for the size in each of its forms, and frees what the decoder gives", async () => {
    for (const [options, call, size] of [
      [{ size: 8 }, ["decode", bytes, 8, 8, 128_000_000], { width: 8, height: 8 }],
      [{ size: { width: 9, height: 4 }, maxPixels: 5000 }, ["decode", bytes, 9, 4, 5000], { width: 9, height: 4 }],
      [{ size: { atMost: 6 }, maxPixels: 5000 }, ["decodeWithin", bytes, 6, 5000], { width: 6, height: 3 }],
    ] as const) {
      const { start, calls, freed } = decoder();
      const decoded = await decodeBy(start, bytes, options);
      expect(decoded).toEqual({ rgb: Uint8Array.of(7), size, width: 40, height: 30, format: "png" });
      expect([calls, freed()]).toEqual([[[...call]], 2]);
    }
  });
});

describe("probeBy()", () => {
  test("gives the header of a picture within the limit, and asks for no pixels", async () => {
    for (const limit of [[], [1200]]) {
      const { start, calls, freed } = decoder();
      expect(await probeBy(start, bytes, ...limit)).toEqual({ width: 40, height: 30, format: "png" });
      expect([calls, freed()]).toEqual([[["probe", bytes]], 1]);
    }
    expect(await errorOf(probeBy(decoder().start, bytes, 1199))).toMatchObject({
      code: "image-too-large",
      message:
        "The picture is too large (40 x 30 pixels); the limit is 1199 pixels: scale it down, or raise maxPixels.",
    });
  });
});

describe("a refusal of the decoder", () => {
  const refusals: readonly (readonly [thrown: string, code: string, message: string])[] = [
    ["empty: no bytes", "image-empty", "The picture is empty: the file has no bytes."],
    [
      "unsupported: AVIF",
      "image-unsupported",
      "The picture cannot be read (AVIF): convert it to JPEG, or give PNG, WebP, GIF or BMP.",
    ],
    [
      "truncated: 3 of 5: rows",
      "image-truncated",
      "The picture is incomplete (3 of 5: rows): download or save it again.",
    ],
    ["corrupt:  a  ", "image-corrupt", "The picture is damaged (a): save it again."],
    [
      "too-large: 9 x 9 pixels",
      "image-too-large",
      "The picture is too large (9 x 9 pixels); the limit is 77 pixels: scale it down, or raise maxPixels.",
    ],
    [
      "too-long: 70000 pixels",
      "image-too-large",
      "A side of the picture is too long (70000 pixels); the limit is 65535: scale it down.",
    ],
    [
      "too-much-memory: 700 MiB",
      "image-too-large",
      "The picture takes too much memory (700 MiB): scale it down, or save it as a JPEG.",
    ],
    [
      "new: a kind that nobody knows",
      "image-corrupt",
      "The picture is damaged (a kind that nobody knows): save it again.",
    ],
  ];
  for (const [thrown, code, message] of refusals)
    test(`has a code and says what to do: ${thrown}`, async () => {
      const before = await imageModule();
      for (const work of [
        decodeBy(decoder(thrown).start, bytes, { size: 8, maxPixels: 77 }),
        probeBy(decoder(thrown).start, bytes, 77),
      ]) {
        const error = await errorOf(work);
        expect(error).toBeInstanceOf(EdgecapError);
        expect(error).toMatchObject({ code, message });
      }
      // The decoder is as good as before.
      expect(await imageModule()).toBe(before);
    });

  test("of no bytes is not asked for", async () => {
    const { start, calls } = decoder();
    for (const work of [decodeBy(start, new Uint8Array(0), { size: 8 }), probeBy(start, new Uint8Array(0))])
      expect(await errorOf(work)).toMatchObject({ code: "image-empty" });
    expect(calls).toEqual([]);
  });

  test("that is a trap costs the decoder's memory, and the next picture gets fresh memory", async () => {
    const before = await imageModule();
    const trap = new Error("unreachable");
    const error = await errorOf(decodeBy(decoder(trap).start, bytes, { size: 8 }));
    expect(error).toMatchObject({
      code: "image-corrupt",
      message: "The picture is damaged (Error: unreachable): save it again.",
      cause: trap,
    });
    expect(await imageModule()).not.toBe(before);
  });

  test("to start is no fault of the picture", async () => {
    const failed = new Error("no module");
    expect(await errorOf(decodeBy(() => Promise.reject(failed), bytes, { size: 8 }))).toBe(failed);
  });
});
