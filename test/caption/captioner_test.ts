import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type CaptionEvent, type Captioner, type CaptionOptions, type ImageSource, load } from "../../src/mod.ts";
import { codeOf, reasonOf } from "../code_of.ts";
import { type Sureness, sureBundleFiles } from "../fixtures/sure_bundle.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const photo = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));

async function everyEvent(stream: AsyncIterable<CaptionEvent>): Promise<CaptionEvent[]> {
  const events: CaptionEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe("Captioner", () => {
  let captioner: Captioner;

  beforeAll(async () => {
    captioner = await load({ bundle: await tinyBundleFiles() });
  });

  afterAll(() => captioner[Symbol.asyncDispose]());

  test("gives words whose text and log-probabilities add up", async () => {
    const { caption, words, logProbability, alternatives, timing } = await captioner.caption(photo, {
      beams: 8,
      alternatives: 2,
      maxWords: 4,
    });
    expect(caption.length).toBeGreaterThan(0);
    expect(words.length).toBeLessThan(5);
    const sum = words.reduce((total, word) => total + word.logProbability, 0);
    expect(sum).toBeGreaterThanOrEqual(logProbability - 1e-4);
    expect(alternatives.length).toBe(2);
    expect(new Set([caption, ...alternatives.map((other) => other.caption)]).size).toBe(3);
    for (const ms of Object.values(timing)) expect(ms).toBeGreaterThanOrEqual(0);
  });

  test("captions overlapping calls in the same way as consecutive ones", async () => {
    const alone = await captioner.caption(photo);
    const together = await Promise.all([
      captioner.caption(photo),
      captioner.caption(new Blob([photo])),
      captioner.caption(photo),
    ]);
    for (const { caption } of together) expect(caption).toBe(alone.caption);
  });

  test("continues after a picture that fails", async () => {
    const broken = captioner.caption(new Uint8Array(0));
    const whole = captioner.caption(photo);
    expect(await codeOf(broken)).toBe("image-empty");
    expect((await whole).caption.length).toBeGreaterThan(0);
  });

  test("captions an iterable in its order", async () => {
    const captions: string[] = [];
    for await (const result of captioner.captionAll([photo, photo])) {
      if (result.error === undefined) captions.push(result.caption);
    }
    expect(captions.length).toBe(2);
    expect(captions[0]).toBe(captions[1]!);
  });

  test("draws the same caption from the same seed", async () => {
    const options = { temperature: 1.5, seed: 4, topK: 5 };
    expect((await captioner.caption(photo, options)).caption).toBe((await captioner.caption(photo, options)).caption);
  });

  test("maps where it looked for each word, if requested", async () => {
    const { words } = await captioner.caption(photo, { beams: 3, attention: true });
    expect(words.length).toBeGreaterThan(0);
    for (const { attention } of words) {
      expect(Array.isArray(attention)).toBe(true);
      expect(attention!.length).toBe(captioner.manifest.encoder.regions);
      expect(attention!.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    }
    for (const word of (await captioner.caption(photo)).words) expect(word.attention).toBe(undefined);
  });

  test("streams the words of what caption() gives, then the same result", async () => {
    const settings: CaptionOptions[] = [
      { beams: 1 },
      { beams: 1, attention: true },
      { beams: 5, alternatives: 2, attention: true },
      { temperature: 1, seed: 3 },
      { temperature: 2, seed: 3, alternatives: 3 },
    ];
    for (const options of settings) {
      const { timing: _, ...expected } = await captioner.caption(photo, options);
      const events = await everyEvent(captioner.stream(photo, options));
      const last = events.at(-1)!;
      if (last.type !== "caption") throw new Error("The stream did not end with its caption.");
      const { timing, ...caption } = last.caption;
      expect(caption).toEqual(expected);
      expect(timing.generateMs).toBeGreaterThan(0);
      expect(events.slice(0, -1)).toEqual(expected.words.map((word) => ({ type: "word", ...word })));
    }
  });

  test("continues with other requests if the reader of a stream leaves or is slow", async () => {
    const slow = captioner.stream(photo);
    await slow.next();
    const left = captioner.stream(photo);
    for await (const event of left) if (event.type === "word") break;
    expect((await captioner.caption(photo)).caption.length).toBeGreaterThan(0);
    expect((await everyEvent(slow)).at(-1)!.type).toBe("caption");
    expect(await everyEvent(left)).toEqual([]);
  });

  test("a stream fails as caption() does", async () => {
    expect(await codeOf(everyEvent(captioner.stream(new Uint8Array(0))))).toBe("image-empty");
    expect(await codeOf(everyEvent(captioner.stream(photo, { beams: 0 })))).toBe("option-invalid");
    const reason = new Error("left");
    expect(await reasonOf(everyEvent(captioner.stream(photo, { signal: AbortSignal.abort(reason) })))).toBe(reason);
  });

  test("refuses options out of range, naming them", async () => {
    for (const options of [
      { beams: 0 },
      { beams: 65 },
      { beams: 1.5 },
      { alternatives: -1 },
      { maxWords: 0 },
      { temperature: -1 },
      { temperature: Number.NaN },
      { temperature: 1, topP: 0 },
      { topK: 3 },
      { temperature: 1, beams: 3 },
      { seed: 0.5 },
    ]) {
      expect([options, await codeOf(captioner.caption(photo, options))]).toEqual([options, "option-invalid"]);
    }
  });

  test("stops if its signal has been aborted", async () => {
    expect(await reasonOf(captioner.caption(photo, { signal: AbortSignal.abort("left") }))).toBe("left");
    // Without a reason, the platform's default is thrown, as fetch() does.
    const error = (await reasonOf(captioner.caption(photo, { signal: AbortSignal.abort() }))) as DOMException;
    expect([error.name, error instanceof DOMException]).toEqual(["AbortError", true]);
  });

  test("an aborted call does not wait for those before it", async () => {
    const controller = new AbortController();
    const reason = new Error("left");
    const order: string[] = [];
    const before = captioner.caption(photo).then(() => order.push("before"));
    const gone = reasonOf(captioner.caption(photo, { signal: controller.signal })).then((why) => {
      order.push("gone");
      return why;
    });
    controller.abort(reason);
    expect(await gone).toBe(reason);
    await before;
    expect(order).toEqual(["gone", "before"]);
    expect((await captioner.caption(photo)).caption.length).toBeGreaterThan(0);
  });

  test("captions a path, an address and a blob in the same way as the bytes", async () => {
    const { caption } = await captioner.caption(photo);
    const path = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));
    for (const image of [path, pathToFileURL(path), new Blob([photo]), new Response(photo)])
      expect((await captioner.caption(image)).caption).toBe(caption);
    const events = await everyEvent(captioner.stream(path));
    expect(events.at(-1)!.type).toBe("caption");
  });

  test("skips pictures that cannot be read, and says which and why", async () => {
    const images: ImageSource[] = [
      photo,
      new Uint8Array(),
      "no such file.jpg",
      photo.subarray(0, 9000),
      7 as never,
      photo,
    ];
    const results: [number, string][] = [];
    for await (const { index, caption, error } of captioner.captionAll(images))
      results.push([index, error === undefined ? (caption.length > 0 ? "captioned" : "empty") : error.code]);
    expect(results).toEqual([
      [0, "captioned"],
      [1, "image-empty"],
      [2, "file-unreadable"],
      [3, "image-truncated"],
      [4, "image-unsupported"],
      [5, "captioned"],
    ]);
  });

  test("captionAll() ends at an error that is not a picture's fault", async () => {
    const all = async (images: Iterable<ImageSource>, options?: CaptionOptions) => {
      for await (const _ of captioner.captionAll(images, options));
    };
    expect(await codeOf(all([photo], { beams: 0 }))).toBe("option-invalid");
    const reason = new Error("left");
    expect(await reasonOf(all([photo], { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const broken = new Error("the folder is gone");
    const source = function* () {
      yield photo;
      throw broken;
    };
    expect(await reasonOf(all(source()))).toBe(broken);
  });

  test("captionAll() refuses a single picture instead of a list", async () => {
    for (const single of [
      "a.jpg",
      photo,
      new Blob([photo]),
      new URL("file:///a.jpg"),
      new DataView(photo.buffer),
      null,
      7,
    ])
      expect(await codeOf(captioner.captionAll(single as never).next())).toBe("option-invalid");
  });

  test("refuses a signal that is not one, such as its controller", async () => {
    for (const signal of [new AbortController(), {}, null, "signal"]) {
      const error = await reasonOf(captioner.caption(photo, { signal } as unknown as CaptionOptions));
      expect((error as { code?: unknown }).code).toBe("option-invalid");
      expect((error as Error).message).toContain("give the signal of an AbortController");
    }
  });

  test("refuses unknown options, by name", async () => {
    const error = (await reasonOf(captioner.caption(photo, { beam: 3 } as CaptionOptions))) as Error;
    expect(error.message).toContain('caption() has no option "beam". Did you mean "beams"?');
    for (const options of [{ num_beams: 3 }, { onWord: () => {} }, { alternative: 1 }])
      expect(await codeOf(captioner.caption(photo, options as CaptionOptions))).toBe("option-invalid");
    expect(await codeOf(everyEvent(captioner.stream(photo, { beam: 3 } as CaptionOptions)))).toBe("option-invalid");
  });
});

describe("Captioner.caption() of a bundle that says how sure it is", () => {
  const loaded = async (sureness: Sureness) => load({ bundle: await sureBundleFiles(sureness) });

  test("gives the confidence, and the sentence if that is enough", async () => {
    await using captioner = await loaded({ confidence: 0.6, concepts: { dog: 0.9, grass: 0.1 } });
    const whole = await captioner.caption(photo, { alternatives: 1 });
    expect(whole.confidence).toBeCloseTo(0.6, 6);
    expect(whole.concepts.map(({ name }) => name)).toEqual(["dog"]);
    const { timing: _, ...asked } = await captioner.caption(photo, { alternatives: 1, minConfidence: 0.59 });
    const { timing: __, ...expected } = whole;
    expect(asked).toEqual(expected);
    expect(asked.reason).toBe(undefined);
  });

  test("gives a plain caption of what is sure if the sentence is not, or nothing", async () => {
    await using sees = await loaded({ confidence: 0.6, concepts: { dog: 0.9, grass: 0.8 } });
    const unsure = await sees.caption(photo, { minConfidence: 0.61, alternatives: 2, attention: true });
    expect(unsure).toMatchObject({
      caption: "a photo of a dog and grass",
      reason: "unsure",
      words: [],
      alternatives: [],
    });
    expect(unsure.confidence).toBeCloseTo(0.6, 6);
    expect(unsure.logProbability).toBeLessThan(0);
    await using blind = await loaded({ confidence: 0.6, concepts: { dog: 0.65 } });
    expect(await blind.caption(photo, { minConfidence: 1 })).toMatchObject({ caption: "", reason: "unsure" });
  });

  test("streams no word that it may have to take back", async () => {
    await using captioner = await loaded({ confidence: 0.6, concepts: { dog: 0.9 } });
    const unsure = await everyEvent(captioner.stream(photo, { minConfidence: 0.7 }));
    expect(unsure.map(({ type }) => type)).toEqual(["caption"]);
    const sure = await everyEvent(captioner.stream(photo, { minConfidence: 0.5 }));
    const plain = await everyEvent(captioner.stream(photo));
    const words = (events: readonly CaptionEvent[]) => events.filter(({ type }) => type === "word");
    expect(words(sure).length).toBeGreaterThan(0);
    expect(words(sure)).toEqual(words(plain));
  });

  test("refuses a least confidence if it cannot tell, and one out of range", async () => {
    await using captioner = await loaded({ concepts: { dog: 0.9 } });
    expect((await captioner.caption(photo)).confidence).toBe(undefined);
    expect((await captioner.caption(photo, { minConfidence: 0 })).caption.length).toBeGreaterThan(0);
    for (const minConfidence of [0.1, 1, 1.01, -0.1, Number.NaN])
      expect([minConfidence, await codeOf(captioner.caption(photo, { minConfidence }))]).toEqual([
        minConfidence,
        "option-invalid",
      ]);
  });
});
