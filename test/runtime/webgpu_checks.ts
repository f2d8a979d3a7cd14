/**
 * Checks of the backend `webgpu`, in a separate process, so that a crash of the driver does not end the test runner.
 * Prints one line of JSON: {@linkcode WebgpuFindings}, or why there is no adapter.
 *
 * usage: webgpu_checks.ts
 */

import { type Captioner, EdgecapError, load } from "../../src/mod.ts";
import { openGraphs } from "../../src/model/choose_backend.ts";
import { testPicture } from "../../src/model/self_test.ts";
import type { AdapterInfo } from "../../src/runtime/backend.ts";
import { openBackend } from "../../src/runtime/backends.ts";
import { isDeviceTensor, toHost } from "../../src/runtime/tensors.ts";
import type { WebgpuBackend } from "../../src/runtime/webgpu.ts";
import { tinyBundle, tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { bmp } from "./bmp.ts";

/** What was found. */
export interface WebgpuFindings {
  readonly adapter: AdapterInfo;
  /** Whether the features stayed on the device. */
  readonly keptOnDevice: boolean;
  /** Largest differences from `wasm`, as shares of the largest value. */
  readonly featureError: number;
  readonly logitError: number;
  /** Pictures, and how many of them have the caption of `wasm`. */
  readonly pictures: number;
  readonly sameCaptions: number;
  /** Buffers on the device after a few captions and after many more. */
  readonly buffersBefore: number;
  readonly buffersAfter: number;
  /** The results after the device was lost once, and twice. */
  readonly afterFirstLoss: string;
  readonly wordsAfterFirstLoss: boolean;
  readonly afterSecondLoss: string;
}

function relative(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

async function outputs(backend: "wasm" | "webgpu") {
  await using graphs = await openGraphs(tinyBundle().files, backend, { threads: 1 });
  const pixels = { data: new Float32Array(testPicture(3, 224)), shape: [1, 224, 224, 3] };
  const { grid } = await graphs.encoder.runKeeping({ pixels });
  // The mean of the regions only serves to search for similar photos.
  const { mean: _, ...memory } = await graphs.init.runKeeping({ grid: grid! });
  const step = await graphs.step.run({ tokens: { data: Int32Array.of(1), shape: [1, 1] }, ...memory });
  const kept = isDeviceTensor(grid!) && isDeviceTensor(memory["keys"]!);
  for (const name of ["keys", "values"]) await toHost(memory[name]!);
  return { kept, features: (await toHost(grid!)).data, logits: step["logits"]!.data };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "caption",
    (error: unknown) => (error instanceof EdgecapError ? error.code : String(error)),
  );
}

/** Counts the buffers that are not destroyed. */
function countBuffers(device: object): () => number {
  const target = device as { createBuffer(descriptor: object): { destroy(): void } };
  const create = target.createBuffer.bind(target);
  let live = 0;
  target.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    live++;
    buffer.destroy = () => {
      live--;
      destroy();
    };
    return buffer;
  };
  return () => live;
}

async function captionsOf(captioner: Captioner, photos: readonly Uint8Array[]): Promise<string[]> {
  const captions: string[] = [];
  for (const photo of photos) captions.push((await captioner.caption(photo)).caption);
  return captions;
}

async function findings(captions: number): Promise<WebgpuFindings | { missing: string }> {
  let backend: WebgpuBackend;
  try {
    backend = (await openBackend("webgpu")) as WebgpuBackend;
  } catch (error) {
    if (error instanceof EdgecapError && error.code === "backend-unavailable") return { missing: error.message };
    throw error;
  }
  const buffers = countBuffers(backend.device);
  const expected = await outputs("wasm");
  const found = await outputs("webgpu");
  const photos = Array.from({ length: 10 }, (_, seed) => bmp(testPicture(seed, 64), 64));
  const bundle = await tinyBundleFiles();
  await using onWasm = await load({ bundle, backend: "wasm" });
  await using captioner = await load({ bundle, backend: "webgpu" });
  const right = await captionsOf(onWasm, photos);
  const here = await captionsOf(captioner, photos);
  const buffersBefore = buffers();
  for (let i = 0; i < captions; i++) await captioner.caption(photos[i % photos.length]!);
  const buffersAfter = buffers();
  backend.device.destroy();
  const first = await captioner.caption(photos[0]!).catch((error: unknown) => error);
  backend.device.destroy();
  return {
    adapter: backend.adapter,
    keptOnDevice: found.kept,
    featureError: relative(found.features, expected.features),
    logitError: relative(found.logits, expected.logits),
    pictures: photos.length,
    sameCaptions: here.filter((caption, i) => caption === right[i]).length,
    buffersBefore,
    buffersAfter,
    afterFirstLoss: first instanceof Error ? String(first) : "caption",
    wordsAfterFirstLoss: !(first instanceof Error) && (first as { caption: string }).caption === right[0],
    afterSecondLoss: await codeOf(captioner.caption(photos[0]!)),
  };
}

if (import.meta.main) {
  process.stdout.write(`${JSON.stringify(await findings(Number(process.argv[2] ?? 40)))}\n`);
  process.exit(0);
}
