import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { repeatsIn } from "../../scripts/model/repeats.ts";
import { type LoadOptions, type LoadProgress, load, loadEngine } from "../../src/mod.ts";
import { tokenize } from "../../src/text/tokenizer.ts";
import { codeOf, reasonOf } from "../code_of.ts";
import { tinyBundle, tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const photo = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));
const portrait = readFileSync(new URL("../../examples/astronaut.jpg", import.meta.url));

/** The tiny bundle with more settings for generation in its manifest. */
async function generating(added: object): Promise<Map<string, Uint8Array>> {
  const files = await tinyBundleFiles();
  const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
  const generation = { ...manifest.generation, ...added };
  return files.set("manifest.json", new TextEncoder().encode(JSON.stringify({ ...manifest, generation })));
}

describe("close()", () => {
  test("does not affect other captioners of the same bundle, and then refuses captions", async () => {
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
  test("refuses graphs whose shapes are not those of the manifest", async () => {
    const files = await tinyBundleFiles();
    const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
    manifest.decoder.hidden = 16;
    files.set("manifest.json", new TextEncoder().encode(JSON.stringify(manifest)));
    expect(await codeOf(load({ bundle: files }))).toBe("bundle-shape-mismatch");
  });

  test("refuses a manifest that requires concepts from a decoder without concepts", async () => {
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

  test("refuses unknown options, by name", async () => {
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

  test("reports the progress to each caller that loads the same bundle", async () => {
    const bundle = await tinyBundleFiles(10_000);
    const reports: LoadProgress[][] = [[], [], []];
    const open = (place: number) => load({ bundle, onProgress: (progress) => reports[place]!.push(progress) });
    const loading = [open(0), open(1)];
    await using first = await loading[0]!;
    await using _second = await loading[1]!;
    await using _late = await open(2);
    const total = Object.values(first.manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    for (const events of reports) {
      expect(events.at(-1)).toEqual({ file: expect.any(String), loaded: total, total });
      expect(events.map(({ loaded }) => loaded)).toEqual(events.map(({ loaded }) => loaded).sort((a, b) => a - b));
    }
    // Either of the first two may begin to load; the other one may join late.
    expect(Math.max(reports[0]!.length, reports[1]!.length)).toBe(Object.keys(first.manifest.files).length);
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

  test("rejects at once with the reason of its signal, even if it shares what another call loads", async () => {
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
