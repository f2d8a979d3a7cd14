import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BundleFiles, SelfTest } from "../../src/bundle/manifest.ts";
import { SeededRandom } from "../../src/dataset/seeded_random.ts";
import { EdgecapError } from "../../src/errors.ts";
import {
  type BackendReport,
  type ChoosingOptions,
  chooseBackend,
  knownOrder,
  likelyBackend,
  remember,
} from "../../src/model/choose_backend.ts";
import { openChosen } from "../../src/model/open_chosen.ts";
import { runSelfTest, selfTestOf } from "../../src/model/stored_answer.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { exportAttention } from "../../src/training/attention/export_attention.ts";
import { attentionWeights } from "../../src/training/attention/model.ts";
import { codeOf } from "../code_of.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";
import { randomEncoder } from "../runtime/rust/random_encoder.ts";

const tiny = tinyBundle();

/** The tiny bundle with an encoder in 8 bits. */
function int8Bundle(): { description: typeof tiny.description; files: BundleFiles } {
  const { description, files } = tiny;
  const shape = { regions: 81, features: 16, units: 8, embedding: 6, vocabulary: description.decoder.vocabulary };
  const random = new SeededRandom(12);
  const arrays = new Map(
    attentionWeights(shape).map(({ name, shape: lengths }) => [
      name as string,
      Float32Array.from({ length: lengths.reduce((a, b) => a * b, 1) }, () => random.normal()),
    ]),
  );
  const { init, step } = exportAttention(shape, arrays, "fp32");
  const encoder = randomEncoder({ seed: 4, size: 9, channels: 3, layers: [], sum: true });
  return {
    description: { ...description, encoder: { precision: "int8", size: 9, regions: 81, features: 16 } },
    files: { ...files, encoder, decoderInit: init, decoderStep: step },
  };
}

async function optionsOf(
  { description, files }: ReturnType<typeof int8Bundle>,
  change = (answer: SelfTest) => answer,
): Promise<ChoosingOptions> {
  const selfTest = change(await selfTestOf(files, description));
  const manifest = { ...description, selfTest } as unknown as ChoosingOptions["source"]["manifest"];
  return { source: { where: "here", manifest, hash: "5".repeat(64) }, files, threads: 1 };
}

/** Does some work with a separate cache folder. */
async function withCache(work: () => Promise<void>): Promise<void> {
  const before = process.env["EDGECAP_CACHE"];
  const folder = mkdtempSync(join(tmpdir(), "edgecap-chosen-"));
  process.env["EDGECAP_CACHE"] = folder;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env["EDGECAP_CACHE"];
    else process.env["EDGECAP_CACHE"] = before;
    rmSync(folder, { recursive: true });
  }
}

const unmeasured = async () => ({ backend: "rust", why: "by order", untested: true }) as const;

describe("openChosen()", () => {
  test("takes rust by the known order, once it gives the stored answer, and remembers it", () =>
    withCache(async () => {
      const options = await optionsOf(int8Bundle());
      const { backend, graphs } = await openChosen("auto", options, unmeasured);
      await using opened = graphs;
      expect(backend).toBe("rust");
      const { manifest } = options.source;
      const outcome = await runSelfTest(opened, manifest, manifest.selfTest!);
      expect([outcome.passed, outcome.featureError < 1e-5]).toEqual([true, true]);
      expect(await chooseBackend(options)).toEqual({ backend: "rust", why: "by order" });
    }));

  test("takes wasm, and remembers why, if rust cannot run the bundle's encoder", () =>
    withCache(async () => {
      const options = await optionsOf(tiny);
      const { backend, graphs } = await openChosen("auto", options, unmeasured);
      await using _ = graphs;
      expect(backend).toBe("wasm");
      const remembered = await chooseBackend(options);
      expect([remembered.backend, remembered.why.includes("AveragePool")]).toEqual(["wasm", true]);
    }));

  test("takes wasm if rust gives another answer, and refuses rust by name", () =>
    withCache(async () => {
      const options = await optionsOf(int8Bundle(), (answer) => ({ ...answer, tokens: [4, 4, 4] }));
      const { backend, graphs } = await openChosen("auto", options, unmeasured);
      await using _ = graphs;
      expect(backend).toBe("wasm");
      expect(await codeOf(openChosen("rust", options))).toBe("self-test-failed");
    }));

  test("stops between candidates once it is aborted, stores nothing, and can be called again", () =>
    withCache(async () => {
      const stop = new AbortController();
      let reads = 0;
      const { files, ...rest } = await optionsOf(int8Bundle());
      // The signal goes off while the first candidate opens its graphs.
      const watched = new Proxy(files, {
        get(target, name: keyof typeof files) {
          reads++;
          stop.abort(new EdgecapError("aborted", "enough"));
          return target[name];
        },
      });
      const options = { ...rest, files: watched, threads: 2, signal: stop.signal };
      expect(await codeOf(openChosen("auto", options))).toBe("aborted");
      expect(reads).toBe(1);
      expect(readdirSync(process.env["EDGECAP_CACHE"]!)).toEqual([]);
      const { graphs } = await openChosen("auto", { ...rest, files });
      await graphs[Symbol.asyncDispose]();
    }));

  test("frees the graphs that are open when it is aborted, and does not fall back to wasm", () =>
    withCache(async () => {
      const stop = new AbortController();
      const { files, ...rest } = await optionsOf(int8Bundle());
      const read: string[] = [];
      const { [Symbol.asyncDispose]: dispose } = GraphSession.prototype;
      let freed = 0;
      GraphSession.prototype[Symbol.asyncDispose] = function (this: GraphSession) {
        freed++;
        return dispose.call(this);
      };
      const watched = new Proxy(files, {
        get(target, name: keyof typeof files) {
          read.push(name);
          if (name === "decoderStep") stop.abort(new EdgecapError("aborted", "enough"));
          return target[name];
        },
      });
      try {
        const options = { ...rest, files: watched, signal: stop.signal };
        expect(await codeOf(openChosen("auto", options, unmeasured))).toBe("aborted");
        expect(read).toEqual(["encoder", "decoderInit", "decoderStep"]);
        expect(freed).toBe(2);
      } finally {
        GraphSession.prototype[Symbol.asyncDispose] = dispose;
      }
    }));

  test("refuses rust by name for an encoder in floating point", async () => {
    expect(await codeOf(openChosen("rust", await optionsOf(tiny)))).toBe("backend-unavailable");
  });
});

describe("knownOrder()", () => {
  const reports = (...names: BackendReport["name"][]) => names.map((name): BackendReport => ({ name, engine: name }));

  test("puts rust before wasm on one thread, and knows no other order", () => {
    expect(knownOrder(reports("wasm", "rust"), 1)?.backend).toBe("rust");
    expect(knownOrder(reports("wasm", "rust"), 2)).toBeUndefined();
    expect(knownOrder(reports("wasm", "rust", "native"), 1)).toBeUndefined();
  });
});

describe("likelyBackend()", () => {
  test("is what the caller names, or what an earlier start chose", async () => {
    await withCache(async () => {
      const options = await optionsOf(int8Bundle());
      expect((await likelyBackend("rust", options))?.name).toBe("rust");
      expect(await likelyBackend("wasm", options)).toBeUndefined();
      expect(await likelyBackend("auto", options)).toBeUndefined();
      await remember(options, { backend: "rust", why: "it is the fastest" });
      expect((await likelyBackend("auto", options))?.name).toBe("rust");
      await remember(options, { backend: "wasm", why: "no other can be used" });
      expect((await likelyBackend("auto", options))?.name).toBe("wasm");
    });
  });
});
