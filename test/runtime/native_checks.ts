/**
 * Checks of the backend `native` on any processor, in a separate process, so that it can run as on another processor:
 * `qemu-x86_64 -cpu Haswell bun native_checks.ts`. Prints one line of JSON: {@linkcode NativeFindings}.
 */
import { loadBundle } from "../../src/bundle/load_bundle.ts";
import { openGraphs } from "../../src/model/choose_backend.ts";
import { distance, testPicture } from "../../src/model/self_test.ts";
import { runSelfTest } from "../../src/model/stored_answer.ts";
import { importOnnxruntimeNode } from "../../src/platform/packages.ts";
import { openBackend } from "../../src/runtime/backends.ts";
import { photoEncoder } from "../../src/training/encoder/encode_photos.ts";

/** What was found. */
export interface NativeFindings {
  readonly engine: string;
  /** Distance of the default bundle's features from the stored ones, as edgecap opens its sessions. */
  readonly featureError: number;
  readonly passed: boolean;
  /** The same of a session that is opened without edgecap's options. */
  readonly plainError: number;
  /** The backend that training computes features with. */
  readonly trainsOn: string;
}

const { manifest, files } = await loadBundle("default");
const stored = manifest.selfTest!;
const { size } = manifest.encoder;

async function asOpened() {
  await using graphs = await openGraphs(files, "native", { threads: 1 });
  return await runSelfTest(graphs, manifest, stored);
}

async function plainly(): Promise<number> {
  const ort = await importOnnxruntimeNode();
  const session = await ort.InferenceSession.create(files.encoder, { intraOpNumThreads: 1 });
  const pixels = new ort.Tensor("float32", Float32Array.from(testPicture(stored.picture, size)), [1, size, size, 3]);
  const grid = (await session.run({ pixels }))["grid"]!.data as Float32Array;
  const count = stored.features.length;
  return distance(
    stored.features.map((_, i) => grid[Math.floor((i * grid.length) / count)]!),
    stored.features,
  );
}

async function trainsOn(): Promise<string> {
  await using encoder = await photoEncoder({ graph: files.encoder, size, precision: "int8" }, 1);
  return encoder.runtime;
}

const { featureError, passed } = await asOpened();
const findings: NativeFindings = {
  engine: (await openBackend("native")).engine,
  featureError,
  passed,
  plainError: await plainly(),
  trainsOn: await trainsOn(),
};
console.log(JSON.stringify(findings));
