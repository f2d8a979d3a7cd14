import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { repeatsIn } from "../../scripts/model/repeats.ts";
import {
  type CaptionEvent,
  type Captioner,
  type CaptionOptions,
  type ImageSource,
  type LoadOptions,
  type LoadProgress,
  load,
  loadEngine,
} from "../../src/mod.ts";
import { tokenize } from "../../src/text/tokenizer.ts";
import { codeOf, reasonOf } from "../code_of.ts";
import { type Sureness, sureBundleFiles } from "../fixtures/sure_bundle.ts";
import { tinyBundle, tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const photo = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));
const portrait = readFileSync(new URL("../../examples/astronaut.jpg", import.meta.url));

/** The tiny bundle with a manifest that says more of how to generate. */
async function generating(added: object): Promise<Map<string, Uint8Array>> {
  const files = await tinyBundleFiles();
  const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
  const generation = { ...manifest.generation, ...added };
  return files.set("manifest.json", new TextEncoder().encode(JSON.stringify({ ...manifest, generation })));
}

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

  test("captions overlapping calls as it does one after another", async () => {
    const alone = await captioner.caption(photo);
    const together = await Promise.all([
      captioner.caption(photo),
      captioner.caption(new Blob([photo])),
      captioner.caption(photo),
    ]);
    for (const { caption } of together) expect(caption).toBe(alone.caption);
  });

  test("goes on after a picture that fails", async () => {
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

  test("maps where it looked for each word, where asked to", async () => {
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

  test("goes on with others where the reader of a stream leaves it or is slow", async () => {
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

  test("stops where its signal has been aborted", async () => {
    expect(await reasonOf(captioner.caption(photo, { signal: AbortSignal.abort("left") }))).toBe("left");
    // Without a reason of one's own it is the platform's, as it is of fetch().
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

  test("captions a path, an address and a blob as it captions the bytes", async () => {
    const { caption } = await captioner.caption(photo);
    const path = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));
    for (const image of [path, pathToFileURL(path), new Blob([photo]), new Response(photo)])
      expect((await captioner.caption(image)).caption).toBe(caption);
    const events = await everyEvent(captioner.stream(path));
    expect(events.at(-1)!.type).toBe("caption");
  });

  test("goes on past pictures that cannot be read, and says which and why", async () => {
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

  test("captionAll() ends at what is no picture's fault", async () => {
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

  test("refuses options that there are not, by name", async () => {
    const error = (await reasonOf(captioner.caption(photo, { beam: 3 } as CaptionOptions))) as Error;
    expect(error.message).toContain('caption() has no option "beam". Did you mean "beams"?');
    for (const options of [{ num_beams: 3 }, { onWord: () => {} }, { alternative: 1 }])
      expect(await codeOf(captioner.caption(photo, options as CaptionOptions))).toBe("option-invalid");
    expect(await codeOf(everyEvent(captioner.stream(photo, { beam: 3 } as CaptionOptions)))).toBe("option-invalid");
  });
});

describe("Captioner.caption() of a bundle that says how sure it is", () => {
  const loaded = async (sureness: Sureness) => load({ bundle: await sureBundleFiles(sureness) });

  test("gives the confidence, and the sentence where that is enough", async () => {
    await using captioner = await loaded({ confidence: 0.6, concepts: { dog: 0.9, grass: 0.1 } });
    const whole = await captioner.caption(photo, { alternatives: 1 });
    expect(whole.confidence).toBeCloseTo(0.6, 6);
    expect(whole.concepts.map(({ name }) => name)).toEqual(["dog"]);
    const { timing: _, ...asked } = await captioner.caption(photo, { alternatives: 1, minConfidence: 0.59 });
    const { timing: __, ...expected } = whole;
    expect(asked).toEqual(expected);
    expect(asked.reason).toBe(undefined);
  });

  test("says plainly what is sure where the sentence is not, or nothing", async () => {
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

  test("refuses a least confidence where it cannot tell, and one out of range", async () => {
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

describe("close()", () => {
  test("leaves captioners of the same bundle their sessions, and refuses captions of its own", async () => {
    const bundle = await tinyBundleFiles();
    const first = await load({ bundle });
    const second = await load({ bundle });
    const { caption } = await first.caption(photo);
    const under = first.caption(photo);
    await first.close();
    expect((await under).caption).toBe(caption);
    await first.close();
    expect(await codeOf(first.caption(photo))).toBe("captioner-closed");
    const reading = async () => {
      for await (const _ of first.stream(photo)) break;
    };
    expect(await codeOf(reading())).toBe("captioner-closed");
    expect((await second.caption(photo)).caption).toBe(caption);
    await second.close();
    await using again = await load({ bundle });
    expect((await again.caption(photo)).caption).toBe(caption);
  });

  test("a load that its first caller aborts still serves the second", async () => {
    const bundle = await tinyBundleFiles();
    const controller = new AbortController();
    const first = load({ bundle, signal: controller.signal });
    const second = load({ bundle });
    const reason = new Error("left");
    controller.abort(reason);
    expect(await reasonOf(first)).toBe(reason);
    await using captioner = await second;
    expect((await captioner.caption(photo)).words.length).toBeGreaterThan(0);
  });
});

describe("load()", () => {
  test("refuses graphs whose shapes are not the manifest's", async () => {
    const files = await tinyBundleFiles();
    const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
    manifest.decoder.hidden = 16;
    files.set("manifest.json", new TextEncoder().encode(JSON.stringify(manifest)));
    expect(await codeOf(load({ bundle: files }))).toBe("bundle-shape-mismatch");
  });

  test("refuses a manifest that asks for concepts of a decoder that knows none", async () => {
    const concepts = { least: 0.9, most: 2, reward: 0.5 };
    expect(await codeOf(load({ bundle: await generating({ concepts }) }))).toBe("bundle-shape-mismatch");
  });

  test("says no phrase twice, drawn at random, greedy or searched for, if the manifest says so", async () => {
    const says = async (generation: object): Promise<number> => {
      await using captioner = await load({ bundle: await generating({ maxWords: 20, ...generation }) });
      let repeating = 0;
      for (const options of [
        { beams: 1 },
        { beams: 4, alternatives: 3 },
        { temperature: 1, seed: 3, alternatives: 5 },
      ]) {
        const { words, caption, alternatives } = await captioner.caption(photo, options);
        expect(words.length).toBeGreaterThan(0);
        for (const text of [caption, ...alternatives.map((other) => other.caption)]) {
          repeating += Number(repeatsIn(tokenize(text)).length > 0);
        }
      }
      return repeating;
    };
    expect(await says({})).toBeGreaterThan(0);
    expect(await says({ noRepeatNgram: 2 })).toBe(0);
  });

  test("refuses threads out of range", async () => {
    expect(tinyBundle().description.name).toBe("tiny");
    expect(await codeOf(load({ bundle: await tinyBundleFiles(), threads: 0 }))).toBe("option-invalid");
  });

  test("refuses options that there are not, by name", async () => {
    for (const [name, meant] of [
      ["bundel", "bundle"],
      ["device", "backend"],
      ["progress_callback", "onProgress"],
      ["thread", "threads"],
    ] as const)
      for (const loading of [load, loadEngine]) {
        const error = (await reasonOf(loading({ [name]: 1 } as LoadOptions))) as Error;
        expect(error.message).toContain(`load() has no option "${name}". Did you mean "${meant}"?`);
      }
    expect(await codeOf(loadEngine({ bundle: "transformers:x", beams: 3 } as LoadOptions))).toBe("option-invalid");
  });

  test("tells how far it is, to each of those who load the same", async () => {
    const bundle = await tinyBundleFiles(10_000);
    const told: LoadProgress[][] = [[], [], []];
    const open = (place: number) => load({ bundle, onProgress: (progress) => told[place]!.push(progress) });
    const loading = [open(0), open(1)];
    await using first = await loading[0]!;
    await using _second = await loading[1]!;
    await using _late = await open(2);
    const total = Object.values(first.manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    for (const events of told) {
      expect(events.at(-1)).toEqual({ file: expect.any(String), loaded: total, total });
      expect(events.map(({ loaded }) => loaded)).toEqual(events.map(({ loaded }) => loaded).sort((a, b) => a - b));
    }
    expect(told[0]!.length).toBe(Object.keys(first.manifest.files).length);
  });

  test("rejects with what onProgress throws, and leaves others their model", async () => {
    const bundle = await tinyBundleFiles(20_000);
    const fault = new Error("a mistake of the caller's");
    const failing = load({
      bundle,
      onProgress: () => {
        throw fault;
      },
    });
    const other = load({ bundle });
    expect(await reasonOf(failing)).toBe(fault);
    await using captioner = await other;
    expect((await captioner.caption(photo)).words.length).toBeGreaterThan(0);
  });

  test("rejects at once with the reason of its signal, though it shares what another loads", async () => {
    const bundle = await tinyBundleFiles(30_000);
    const controller = new AbortController();
    const first = load({ bundle });
    const second = load({ bundle, signal: controller.signal });
    const reason = new Error("left");
    controller.abort(reason);
    expect(await reasonOf(second)).toBe(reason);
    await using captioner = await first;
    expect((await captioner.caption(photo)).words.length).toBeGreaterThan(0);
  });

  test("captions a real picture with the bundle that comes with edgecap", async () => {
    expect(existsSync(new URL("../../models/default/manifest.json", import.meta.url))).toBe(true);
    await using captioner = await load();
    const { caption, words } = await captioner.caption(portrait);
    expect(caption).toMatch(/\b(man|woman|person|people|girl|boy|child)\b/);
    expect(words.length).toBeGreaterThan(3);
  });
});
