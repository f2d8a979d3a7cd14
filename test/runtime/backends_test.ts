import { describe, expect, test } from "bun:test";
import { loadBundle } from "../../src/bundle/load_bundle.ts";
import { type BackendReport, choose, openGraphs, probeBackend } from "../../src/choose_backend.ts";
import { type BackendChoice, load } from "../../src/mod.ts";
import { openBackend } from "../../src/runtime/backends.ts";
import { runSelfTest, selfTestOf, testPicture } from "../../src/self_test.ts";
import { codeOf } from "../code_of.ts";
import { tinyBundle, tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { testUnless } from "../skip.ts";
import { bmp } from "./bmp.ts";

const onDeno = "Deno" in globalThis;
const { description, files } = tinyBundle();
const hasNative = (await probeBackend("native")).problem === undefined;
const noNative = hasNative ? undefined : "onnxruntime-node does not load";

describe("backends", () => {
  testUnless(noNative, "native gives the features, logits and captions of wasm", async () => {
    const photos = Array.from({ length: 5 }, (_, seed) => bmp(testPicture(seed, 64), 64));
    const bundle = await tinyBundleFiles();
    await using wasm = await load({ bundle, backend: "wasm" });
    await using native = await load({ bundle, backend: "native" });
    expect([wasm.backend, native.backend]).toEqual(["wasm", "native"]);
    for (const photo of photos) {
      const [expected, found] = [await wasm.caption(photo), await native.caption(photo)];
      expect(found.caption).toBe(expected.caption);
      expect(found.logProbability).toBeCloseTo(expected.logProbability, 3);
    }
  });

  // Deno is started without --unstable-webgpu here, unless its user says otherwise.
  const hasGpu = (globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu !== undefined;
  const notMissing = onDeno && !hasGpu ? undefined : "WebGPU is certain to be missing on Deno alone, without its flag";
  testUnless(notMissing, "one that is asked for by name and not there is refused, with what to do", async () => {
    const refused = load({ bundle: await tinyBundleFiles(), backend: "webgpu" });
    expect(await codeOf(refused)).toBe("backend-unavailable");
    await expect(openBackend("webgpu")).rejects.toThrow("--unstable-webgpu");
  });

  test("a name that is none is refused", async () => {
    const refused = load({ bundle: await tinyBundleFiles(), backend: "gpu" as BackendChoice });
    expect(await codeOf(refused)).toBe("option-invalid");
  });

  test("auto takes wasm where the bundle stores no answer", async () => {
    await using captioner = await load({ bundle: await tinyBundleFiles() });
    expect(captioner.backend).toBe("wasm");
  });
});

describe("the bundle's test", () => {
  test("passes where it was made, and fails for other features or words", async () => {
    const selfTest = await selfTestOf(files, description);
    await using graphs = await openGraphs(files, "wasm", 1);
    const same = await runSelfTest(graphs, description, selfTest);
    expect([same.passed, same.sameWords]).toEqual([true, true]);
    expect(same.featureError).toBeLessThan(1e-5);
    expect(same.encodeMs).toBeGreaterThan(0);
    const features = selfTest.features.map((value) => value * 1.01);
    expect((await runSelfTest(graphs, description, { ...selfTest, features })).passed).toBe(false);
    const tokens = [...selfTest.tokens, 4];
    expect((await runSelfTest(graphs, description, { ...selfTest, tokens })).passed).toBe(false);
  });

  test("is stored in the default bundle, with features that are not all zero, and passes on wasm and native", async () => {
    const { manifest, files } = await loadBundle(new URL("../../models/default/", import.meta.url));
    expect(manifest.selfTest!.features.some((value) => value !== 0)).toBe(true);
    for (const backend of hasNative ? (["wasm", "native"] as const) : (["wasm"] as const)) {
      await using graphs = await openGraphs(files, backend, 1);
      const { passed, featureError } = await runSelfTest(graphs, manifest, manifest.selfTest!);
      expect([backend, passed, featureError <= manifest.selfTest!.tolerance]).toEqual([backend, true, true]);
    }
  });
});

describe("choose()", () => {
  const manifest = {
    ...description,
    selfTest: { picture: 0, tokens: [4], features: Array<number>(64).fill(1), tolerance: 1e-3 },
  } as unknown as Parameters<typeof choose>[1]["manifest"];
  const source = { where: "here", manifest, hash: "0" };
  const adapter = { name: "a", vendor: "", architecture: "", features: [], limits: {} };
  const report = (name: BackendReport["name"], encodeMs: number, passed = true, software?: boolean): BackendReport => ({
    name,
    engine: name,
    ...(software !== undefined && { adapter: { ...adapter, software } }),
    selfTest: { passed, featureError: 0, tolerance: 1e-3, sameWords: passed, encodeMs, wordMs: 1 },
  });

  test("takes the fastest that is right", () => {
    expect(choose([report("wasm", 100), report("webgpu", 10, true, false)], source).backend).toBe("webgpu");
    expect(choose([report("wasm", 10), report("native", 90)], source).backend).toBe("wasm");
  });

  test("takes none that is wrong or a software adapter, however fast", () => {
    const reports = [report("wasm", 100), report("webgpu", 1, true, true), report("native", 2, false)];
    expect(choose(reports, source).backend).toBe("wasm");
  });

  test("refuses where none is right", async () => {
    const work = async () => choose([report("wasm", 100, false), report("native", 2, false)], source);
    expect(await codeOf(work())).toBe("self-test-failed");
  });
});
