import { ortWasmBinary, ortWasmPaths } from "#assets";
import * as ort from "#onnxruntime";
// Before the first session, after which the global Worker is another.
import { WebWorker } from "../platform/web_worker.ts";
import type { Backend } from "./backend.ts";
import { OrtSession, type OrtTensors } from "./ort_session.ts";

/** A graph of one Identity: onnxruntime-web starts with its first session, and in no other way. */
const smallestGraph = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEBE=";

/** onnxruntime-web starts once in a process, with the threads of its first session. */
let started: Promise<void> | undefined;

/** Begins the start of onnxruntime-web, which compiles its module aside: what a graph needs can be read meanwhile. */
export function startWasm(threads: number): Promise<void> {
  if (started === undefined) {
    started = start(threads);
    // Whoever opens a graph is told.
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
  // Inside an executable onnxruntime-web would look for its files beside it.
  ort.env.wasm.wasmPaths = ortWasmPaths();
  const graph = Uint8Array.from(atob(smallestGraph), (letter) => letter.charCodeAt(0));
  try {
    const session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
    await session.release();
  } finally {
    // With more threads its own workers are of that kind, and may still be started.
    if (ort.env.wasm.numThreads === 1) globalThis.Worker = WebWorker;
  }
}

/** onnxruntime-web's WebAssembly: always there. */
export const wasmBackend: Backend = {
  name: "wasm",
  engine: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`,
  open: async (bytes, { threads }) => {
    await startWasm(threads);
    const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all" } as const;
    return new OrtSession(ort as unknown as OrtTensors, await ort.InferenceSession.create(bytes, options));
  },
};
