import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { type LiteOptions, type LoadProgress, load } from "../../src/lite/mod.ts";
import { codeOf } from "../code_of.ts";
import { bundleFile, modules } from "./lite_files.ts";

const photo = readFileSync(fileURLToPath(new URL("../../examples/chelsea.jpg", import.meta.url)));

async function messageOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "done",
    (error: Error) => error.message,
  );
}

describe("load() of edgecap/lite", () => {
  test("captions, reads a graph while the one before is packed, and frees the bytes of each", async () => {
    const events: string[] = [];
    const progress: LoadProgress[] = [];
    const held = new Map<string, ArrayBuffer>();
    const captioner = await load({
      bundle: async (path) => {
        events.push(path);
        const response = new Response((await bundleFile(path)) as Uint8Array<ArrayBuffer>);
        const whole = await response.arrayBuffer();
        held.set(path, whole);
        return Object.defineProperty(response, "arrayBuffer", { value: async () => whole });
      },
      modules,
      onProgress: (now) => progress.push(now),
    });
    expect(events[0]).toBe("manifest.json");
    expect(events.slice(-2)).toEqual(["decoder_init.onnx", "decoder_step.onnx"]);
    expect(progress.at(-1)!.loaded).toBe(progress.at(-1)!.total);
    const large = [...held].filter(([path]) => path.endsWith(".onnx")).map(([, whole]) => whole);
    // Runtimes without ArrayBuffer.prototype.transfer leave them to the collector.
    if ("transfer" in ArrayBuffer.prototype) expect(large.map(({ byteLength }) => byteLength)).toEqual([0, 0, 0]);
    expect([captioner.backend, captioner.name]).toEqual(["rust", captioner.manifest.name]);
    const { caption, confidence, concepts } = await captioner.caption(photo, { beams: 1 });
    expect(caption).toMatch(/^a cat /);
    expect([confidence! > 0, confidence! < 1, concepts[0]!.name]).toEqual([true, true, "cat"]);
    await captioner[Symbol.asyncDispose]();
    expect(await codeOf(captioner.caption(photo))).toBe("captioner-closed");
  });

  test("leaves the caller's own bytes as they are, and takes paths for addresses", async () => {
    const names = ["manifest.json", "encoder.onnx", "decoder_init.onnx", "decoder_step.onnx", "vocabulary.txt"];
    const all = [...names, "datastore.safetensors", "concepts.txt"];
    const bundle = new Map(await Promise.all(all.map(async (name) => [name, await bundleFile(name)] as const)));
    const { engineRelaxed: _, ...others } = modules;
    const captioner = await load({ bundle, modules: others, selfTest: false });
    expect([...bundle.values()].every(({ length }) => length > 0)).toBe(true);
    expect(await codeOf(captioner.caption("file:///photo.jpg"))).toBe("file-unreadable");
    expect(await messageOf(captioner.caption(new URL("file:///photo.jpg")))).toContain("cannot be read by its path");
    expect(await codeOf(captioner.caption("photo.jpg"))).toBe("file-unreadable");
    await captioner.close();
  });

  test("refuses options that are missing, wrong or unknown, and says what to give", async () => {
    const wrong = async (options: object) => await messageOf(load(options as LiteOptions));
    expect(await wrong({})).toContain("bundle is missing");
    expect(await wrong({ bundle: "models/default", modules })).toContain("a function that gets a file by its path");
    expect(await wrong({ bundle: bundleFile })).toContain("modules is missing");
    expect(await wrong({ bundle: bundleFile, modules: { ...modules, engine: 1 } })).toContain('no option "engine"');
    expect(await wrong({ bundle: bundleFile, modules: { ...modules, text: undefined } })).toContain("text.wasm");
    expect(await wrong({ bundle: bundleFile, modules: { ...modules, image: undefined } })).toContain("image.wasm");
    const { text, image } = modules;
    expect(await wrong({ bundle: bundleFile, modules: { text, image } })).toContain("engine_relaxed.wasm");
    expect(await wrong({ bundle: bundleFile, modules, backend: "wasm" })).toContain('no option "backend"');
    const broken = { ...modules, engineRelaxed: undefined, engineDot16: new Uint8Array([0, 97, 115, 109, 9]) };
    expect(await wrong({ bundle: bundleFile, modules: broken })).toContain("modules.engineDot16 does not compile");
  });

  test("says which file is missing, is damaged, or is not bytes", async () => {
    const opened = (change: (path: string) => unknown) =>
      load({ bundle: (async (path: string) => change(path) ?? (await bundleFile(path))) as () => never, modules });
    expect(await codeOf(opened(() => new Response("", { status: 404 })))).toBe("bundle-missing");
    const gone = opened((path) => (path === "encoder.onnx" ? new Response("", { status: 503 }) : undefined));
    const error = await gone.catch((cause: EdgecapError) => cause);
    expect([(error as EdgecapError).code, String((error as EdgecapError).cause)]).toEqual([
      "bundle-file-missing",
      expect.stringContaining("answered 503"),
    ]);
    expect(await codeOf(opened((path) => (path === "concepts.txt" ? new Uint8Array(3) : undefined)))).toBe(
      "bundle-hash-mismatch",
    );
    expect(await messageOf(opened((path) => (path === "vocabulary.txt" ? 7 : undefined)))).toContain("gave number");
  });

  test("stops at a signal", async () => {
    const stop = new AbortController();
    const loading = load({
      bundle: async (path) => {
        if (path === "encoder.onnx") stop.abort(new EdgecapError("aborted", "enough"));
        return await bundleFile(path);
      },
      ...{ modules, signal: stop.signal },
    });
    expect(await codeOf(loading)).toBe("aborted");
  });

  test("refuses any other manifest with an error of its own", async () => {
    const manifest = JSON.parse(new TextDecoder().decode(await bundleFile("manifest.json"))) as Record<string, unknown>;
    const value = fc.oneof(fc.json(), fc.constantFrom("null", "1e400", '"x"', "[]", "{}"));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(manifest)), value, async (name, json) => {
        const changed = new TextEncoder().encode(
          JSON.stringify({ ...manifest, [name]: 0 }).replace(`"${name}":0`, `${JSON.stringify(name)}:${json}`),
        );
        const bundle = async (path: string) => {
          if (path === "manifest.json") return changed;
          throw new Error("nothing else is here");
        };
        const code = await codeOf(load({ bundle, modules }));
        expect(["bundle-manifest-invalid", "bundle-version-unsupported", "bundle-file-missing"]).toContain(code!);
      }),
      { numRuns: 200 },
    );
  });
});
