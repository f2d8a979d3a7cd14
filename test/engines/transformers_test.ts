import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-web";
import type { SearchOptions } from "../../src/decode/search.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { type CaptionEngine, type CaptionEvent, type CaptionOptions, loadEngine } from "../../src/mod.ts";
import { codeOf, reasonOf } from "../code_of.ts";
import { pictureSide, pieces, tinyTransformersGraphs, writeTinyTransformers } from "../fixtures/tiny_transformers.ts";
import { referenceSearch } from "../reference/search.ts";

const photo = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));
const other = readFileSync(new URL("../../examples/astronaut.jpg", import.meta.url));

/** Runs the decoder on onnxruntime-web, one history after another, without the library. */
async function referenceModel(bytes: Uint8Array): Promise<(history: readonly number[]) => Promise<Float32Array>> {
  const { encoder, decoder } = tinyTransformersGraphs();
  const { rgb } = await decodeImage(bytes, { size: pictureSide });
  const pixels = new Float32Array(rgb.length);
  for (let i = 0; i < rgb.length; i++) {
    pixels[(i % 3) * pictureSide ** 2 + Math.floor(i / 3)] = (rgb[i]! / 255 - 0.5) / 0.5;
  }
  const [encoding, decoding] = await Promise.all([encoder, decoder].map((graph) => ort.InferenceSession.create(graph)));
  const shape = [1, 3, pictureSide, pictureSide];
  const { last_hidden_state } = await encoding!.run({ pixel_values: new ort.Tensor("float32", pixels, shape) });
  return async (history) => {
    let key = new ort.Tensor("float32", new Float32Array(0), [1, 1, 0, 8]);
    let value = key;
    let logits = new Float32Array();
    for (const token of history) {
      const output = await decoding!.run({
        input_ids: new ort.Tensor("int64", BigInt64Array.of(BigInt(token)), [1, 1]),
        encoder_hidden_states: last_hidden_state!,
        "past_key_values.0.key": key,
        "past_key_values.0.value": value,
        use_cache_branch: new ort.Tensor("bool", [true], [1]),
      });
      key = output["present.0.key"] as typeof key;
      value = output["present.0.value"] as typeof key;
      logits = output["logits"]!.data as Float32Array<ArrayBuffer>;
    }
    return logits;
  };
}

/** The result of the reference search, which needs its logits at once: every history is computed beforehand. */
async function expected(bytes: Uint8Array, options: SearchOptions) {
  const model = await referenceModel(bytes);
  const known = new Map<string, Float32Array>();
  for (;;) {
    const missing: (readonly number[])[] = [];
    const found = referenceSearch(options, (history) => {
      const logits = known.get(history.join());
      if (logits === undefined) missing.push([...history]);
      return logits ?? new Float32Array(pieces.length);
    });
    if (missing.length === 0) return found;
    for (const history of missing) known.set(history.join(), await model(history));
  }
}

function textOf(tokens: Uint32Array): string {
  const parts = Array.from(tokens, (token) => pieces[token]!).filter((part) => !part.startsWith("["));
  return parts.join(" ").replaceAll(" ##", "");
}

describe("loadEngine() of transformers:FOLDER", () => {
  let folder: string;
  let engine: CaptionEngine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "edgecap-transformers-"));
    writeTinyTransformers(join(folder, "model"), { num_beams: 3, length_penalty: 0.5 });
    engine = await loadEngine({ bundle: `transformers:${join(folder, "model")}` });
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const base = {
    vocabulary: pieces.length,
    maxWords: 7,
    minWords: 1,
    startId: 1,
    endId: 2,
    banned: new Uint32Array(0),
  };

  test("captions as the reference search does: by the model's own settings, with beams, and by sampling", async () => {
    for (const bytes of [photo, other]) {
      for (const [options, search] of [
        [{}, { beams: 3, lengthPenalty: 0.5 }],
        [
          { beams: 1, maxWords: 4 },
          { beams: 1, lengthPenalty: 0.5, maxWords: 4 },
        ],
        [
          { beams: 5, alternatives: 4 },
          { beams: 5, lengthPenalty: 0.5 },
        ],
        [
          { temperature: 1.5, seed: 9, topK: 6, alternatives: 2 },
          { beams: 3, temperature: 1.5, seed: 9, topK: 6 },
        ],
      ] as const) {
        const found = await engine.caption(bytes, options);
        const [best, ...others] = await expected(bytes, { ...base, ...search });
        expect(found.caption).toBe(textOf(best!.tokens));
        expect(found.logProbability).toBeCloseTo(best!.logProbability, 4);
        const wanted = others.slice(0, "alternatives" in options ? options.alternatives : 0);
        expect(found.alternatives.map(({ caption }) => caption)).toEqual(wanted.map(({ tokens }) => textOf(tokens)));
        for (const [i, { logProbability }] of found.alternatives.entries()) {
          expect(logProbability).toBeCloseTo(wanted[i]!.logProbability, 4);
        }
        const words = best!.wordLogProbabilities.reduce((sum, value) => sum + value, 0);
        expect(found.words.reduce((sum, word) => sum + word.logProbability, 0)).toBeCloseTo(words, 4);
        expect(found.words.map(({ text }) => text).join(" ")).toBe(found.caption);
      }
    }
  });

  test("captions as the library itself does if both are greedy", async () => {
    const { AutoImageProcessor, AutoTokenizer, RawImage, VisionEncoderDecoderModel } = await import(
      "@huggingface/transformers"
    );
    const path = join(folder, "model");
    const local = { local_files_only: true, dtype: "fp32" } as const;
    const model = await VisionEncoderDecoderModel.from_pretrained(path, local);
    const tokenizer = await AutoTokenizer.from_pretrained(path, local);
    const processor = await AutoImageProcessor.from_pretrained(path, local);
    for (const bytes of [photo, other]) {
      const { rgb } = await decodeImage(bytes, { size: pictureSide });
      const image = new RawImage(new Uint8ClampedArray(rgb), pictureSide, pictureSide, 3);
      const { pixel_values } = await processor([image]);
      const output = await model.generate({ inputs: pixel_values, num_beams: 1, min_length: 2 } as never);
      const [text] = tokenizer.batch_decode(output as never, { skip_special_tokens: true });
      expect((await engine.caption(bytes, { beams: 1 })).caption).toBe(text!.trim());
    }
    await model.dispose();
  });

  test("streams the words of what caption() gives, then the same result", async () => {
    for (const options of [{}, { beams: 1 }, { temperature: 2, seed: 5 }]) {
      const { timing: _, ...whole } = await engine.caption(photo, options);
      const events: CaptionEvent[] = [];
      for await (const event of engine.stream(photo, options)) events.push(event);
      expect(events.slice(0, -1)).toEqual(whole.words.map((word) => ({ type: "word", ...word })));
      expect(events.at(-1)).toMatchObject({ type: "caption", caption: whole });
    }
  });

  test("captions overlapping calls in the same way as consecutive ones, and continues after one that fails", async () => {
    const alone = (await engine.caption(photo)).caption;
    const [first, broken, last] = await Promise.allSettled([
      engine.caption(photo),
      engine.caption(new Uint8Array(3)),
      engine.caption(new Blob([photo])),
    ]);
    expect(first).toMatchObject({ status: "fulfilled", value: { caption: alone } });
    expect(last).toMatchObject({ status: "fulfilled", value: { caption: alone } });
    expect(broken.status).toBe("rejected");
  });

  test("refuses what the model cannot do, and what is not a picture", async () => {
    expect(engine.name).toBe("model");
    expect(await codeOf(engine.caption(photo, { attention: true }))).toBe("option-invalid");
    expect(await codeOf(engine.caption(photo, { beams: 65 }))).toBe("option-invalid");
    expect(await codeOf(engine.caption(photo, { temperature: 1, topK: pieces.length + 1 }))).toBe("option-invalid");
    expect(await codeOf(engine.caption(photo.subarray(0, 9000)))).toBe("image-truncated");
    expect(await codeOf(engine.caption(photo, { beam: 3 } as CaptionOptions))).toBe("option-invalid");
    const reason = new Error("left");
    expect(await reasonOf(engine.caption(photo, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  test("says what is missing in a folder", async () => {
    const path = join(folder, "lacking");
    expect(await codeOf(loadEngine({ bundle: `transformers:${path}` }))).toBe("bundle-missing");
    for (const file of ["tokenizer.json", "preprocessor_config.json", "onnx/decoder_model_merged.onnx"]) {
      writeTinyTransformers(path);
      rmSync(join(path, file));
      const work = loadEngine({ bundle: `transformers:${path}` });
      expect(await codeOf(work)).toBe("bundle-file-missing");
      await expect(work).rejects.toThrow(`lacks "${file}"`);
    }
    writeTinyTransformers(path);
    writeFileSync(join(path, "onnx/encoder_model.onnx"), "no graph");
    expect(await codeOf(loadEngine({ bundle: `transformers:${path}` }))).toBe("graph-failed");
    writeTinyTransformers(path);
    const config = JSON.parse(readFileSync(join(path, "config.json"), "utf8"));
    writeFileSync(join(path, "config.json"), JSON.stringify({ ...config, model_type: "gpt2" }));
    expect(await codeOf(loadEngine({ bundle: `transformers:${path}` }))).toBe("bundle-manifest-invalid");
    for (const text of ["{", "null"]) {
      writeFileSync(join(path, "config.json"), text);
      expect(await codeOf(loadEngine({ bundle: `transformers:${path}` }))).toBe("bundle-manifest-invalid");
    }
  });

  test("finds graphs of another precision by their names", async () => {
    const path = join(folder, "quantised");
    writeTinyTransformers(path, { num_beams: 3, length_penalty: 0.5 });
    renameSync(join(path, "onnx/encoder_model.onnx"), join(path, "onnx/encoder_model_quantized.onnx"));
    await using quantised = await loadEngine({ bundle: `transformers:${path}` });
    expect((await quantised.caption(photo)).caption).toBe((await engine.caption(photo)).caption);
  });

  test("gives a processor that crops the picture in its own proportions", async () => {
    const path = join(folder, "cropping");
    writeTinyTransformers(path);
    const file = join(path, "preprocessor_config.json");
    const crop = { size: { shortest_edge: 40 }, do_center_crop: true, crop_size: { height: 32, width: 32 } };
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...crop }));
    await using cropping = await loadEngine({ bundle: `transformers:${path}` });
    expect((await cropping.caption(photo)).words.length).toBeGreaterThan(0);
  });

  test("sends no request to anyone", async () => {
    const { fetch } = globalThis;
    const asked: unknown[] = [];
    globalThis.fetch = (async (input: unknown) => {
      asked.push(input);
      throw new Error("There is no network here.");
    }) as unknown as typeof fetch;
    try {
      await using again = await loadEngine({ bundle: `transformers:${join(folder, "model")}` });
      await again.caption(photo);
    } finally {
      globalThis.fetch = fetch;
    }
    expect(asked).toEqual([]);
  });
});
