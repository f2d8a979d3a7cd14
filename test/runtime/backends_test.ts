import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadBundle } from "../../src/bundle/load_bundle.ts";
import type { SelfTest } from "../../src/bundle/manifest.ts";
import { type BackendChoice, load } from "../../src/mod.ts";
import { type BackendReport, choose, openGraphs, probeBackend } from "../../src/model/choose_backend.ts";
import { difference, testPicture } from "../../src/model/self_test.ts";
import { runSelfTest, selfTestOf } from "../../src/model/stored_answer.ts";
import { openBackend } from "../../src/runtime/backends.ts";
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

  test("an invalid name is refused", async () => {
    const refused = load({ bundle: await tinyBundleFiles(), backend: "gpu" as BackendChoice });
    expect(await codeOf(refused)).toBe("option-invalid");
  });

  test("auto chooses wasm if the bundle stores no answer", async () => {
    await using captioner = await load({ bundle: await tinyBundleFiles() });
    expect(captioner.backend).toBe("wasm");
  });
});

describe("the bundle's test", () => {
  test("passes on the machine that made it, and fails for other features or words", async () => {
    const selfTest = await selfTestOf(files, description);
    await using graphs = await openGraphs(files, "wasm", { threads: 1 });
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
      await using graphs = await openGraphs(files, backend, { threads: 1 });
      const { passed, featureError } = await runSelfTest(graphs, manifest, manifest.selfTest!);
      expect([backend, passed, featureError <= manifest.selfTest!.tolerance]).toEqual([backend, true, true]);
    }
  });
});

describe("a backend that is requested by name", () => {
  /** The tiny bundle with an answer stored, which `change` changes. */
  async function bundleWith(change: (answer: SelfTest) => SelfTest) {
    const bundle = await tinyBundleFiles();
    const manifest = JSON.parse(new TextDecoder().decode(bundle.get("manifest.json")));
    const selfTest = change(await selfTestOf(files, description));
    bundle.set("manifest.json", new TextEncoder().encode(JSON.stringify({ ...manifest, selfTest })));
    return bundle;
  }

  /** Does some work with a cache folder of its own. */
  async function withCache(work: (folder: string) => Promise<void>): Promise<void> {
    const before = process.env["EDGECAP_CACHE"];
    const folder = mkdtempSync(join(tmpdir(), "edgecap-backends-"));
    process.env["EDGECAP_CACHE"] = folder;
    try {
      await work(folder);
    } finally {
      if (before === undefined) delete process.env["EDGECAP_CACHE"];
      else process.env["EDGECAP_CACHE"] = before;
      rmSync(folder, { recursive: true });
    }
  }

  const named = hasNative ? (["wasm", "native"] as const) : (["wasm"] as const);

  test("captions if it gives the stored answer, and is not tested again", () =>
    withCache(async (folder) => {
      for (const [i, backend] of named.entries()) {
        const bundle = await bundleWith((answer) => answer);
        for (let start = 0; start < 2; start++) {
          await using captioner = await load({ bundle, backend });
          expect(captioner.backend).toBe(backend);
        }
        expect(readdirSync(folder).length).toBe(i + 1);
      }
    }));

  test("is refused each time if its features or words differ, with what differs and what to do", () =>
    withCache(async (folder) => {
      const changes = [
        [
          (answer: SelfTest) => ({ ...answer, features: answer.features.map((value) => value * 1.7) }),
          "words are the same",
        ],
        [(answer: SelfTest) => ({ ...answer, tokens: [4, 4, 4] }), "other words"],
      ] as const;
      for (const [change, why] of changes) {
        const bundle = await bundleWith(change);
        for (const backend of [...named, ...named]) {
          const refused = load({ bundle, backend });
          expect(await codeOf(refused)).toBe("self-test-failed");
          await expect(refused).rejects.toThrow(`The backend "${backend}" (onnxruntime-`);
          await expect(refused).rejects.toThrow(why);
          await expect(refused).rejects.toThrow('"edgecap doctor"');
        }
      }
      expect(readdirSync(folder)).toEqual([]);
    }));
});

describe("difference()", () => {
  test("reports one fault of an answer that does not pass", () => {
    const answer = { passed: false, featureError: 0.67, tolerance: 0.1, sameWords: true, encodeMs: 1, wordMs: 1 };
    expect(difference(answer)).toBe(
      "features 6.7e-1 from the stored ones (up to 0.1 passes), though the words are the same",
    );
    expect(difference({ ...answer, sameWords: false })).toBe(
      "other words, features 6.7e-1 from the stored ones (up to 0.1 passes)",
    );
    expect(difference({ ...answer, sameWords: false, featureError: 0 })).toContain("other words, though features");
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

  test("chooses none that is wrong or a software adapter, however fast", () => {
    const reports = [report("wasm", 100), report("webgpu", 1, true, true), report("native", 2, false)];
    expect(choose(reports, source).backend).toBe("wasm");
  });

  test("refuses if none is right", async () => {
    const work = async () => choose([report("wasm", 100, false), report("native", 2, false)], source);
    expect(await codeOf(work())).toBe("self-test-failed");
  });
});
