import { ortWasmBinary, ortWasmPaths } from "#assets";
import * as ort from "#onnxruntime";
// Runs before the first session, which replaces the global Worker.
import { WebWorker } from "../platform/web_worker.ts";
import type { Backend } from "./backend.ts";
import { OrtSession, type OrtTensors } from "./ort_session.ts";
import { hasIntegerProducts, widenedWeights } from "./stored_weights.ts";

/** A graph with a single Identity, because onnxruntime-web only starts with its first session. */
const smallestGraph = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEBE=";

/** onnxruntime-web starts once in a process, with the threads of its first session. */
let started: Promise<void> | undefined;

/**
 * Starts onnxruntime-web, which compiles its module on other threads, so that a graph's files can be read in the
 * meantime.
 */
export function startWasm(threads: number): Promise<void> {
  if (started === undefined) {
    started = start(threads);
    // The failure is reported when a graph is opened.
    started.catch(() => {
      started = undefined;
    });
  }
  return started;
}

async function start(threads: number): Promise<void> {
  const binary = await ortWasmBinary();
  if (binary !== undefined) ort.env.wasm.wasmBinary = binary;
  ort.env.wasm.numThreads = threads;
  // In an executable, onnxruntime-web would look for its files beside it.
  ort.env.wasm.wasmPaths = ortWasmPaths();
  const graph = Uint8Array.from(atob(smallestGraph), (letter) => letter.charCodeAt(0));
  try {
    const session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
    await session.release();
  } finally {
    // With more threads its own workers use that class, and may still be started.
    if (ort.env.wasm.numThreads === 1) globalThis.Worker = WebWorker;
  }
}

/** The backend `wasm`: onnxruntime-web's WebAssembly, always available. */
export const wasmBackend: Backend = {
  name: "wasm",
  engine: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`,
  open: async (bytes, { threads }) => {
    await startWasm(threads);
    const options = {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
      ...(!hasIntegerProducts(bytes) && widenedWeights()),
    } as const;
    return new OrtSession(ort as unknown as OrtTensors, await ort.InferenceSession.create(bytes, options));
  },
};
