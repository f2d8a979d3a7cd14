import { ortWasmBinary, ortWasmPaths } from "#assets";
import * as ort from "#onnxruntime";
import type { Backend } from "./backend.ts";
import { OrtSession, type OrtTensors } from "./ort_session.ts";
// Before the first session, after which the global Worker is another.
import { WebWorker } from "./web_worker.ts";

/** onnxruntime-web starts once in a process; the module is unpacked once before. */
let unpacked: Promise<void> | undefined;

/** Begins to unpack the module, where it is packed: nothing of it waits for a graph. */
export function prepareWasm(): Promise<void> {
  unpacked ??= unpack();
  return unpacked;
}

async function unpack(): Promise<void> {
  const binary = await ortWasmBinary();
  if (binary !== undefined) ort.env.wasm.wasmBinary = binary;
}

/** onnxruntime-web's WebAssembly: always there. */
export const wasmBackend: Backend = {
  name: "wasm",
  engine: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`,
  open: async (bytes, { threads }) => {
    ort.env.wasm.numThreads = threads;
    // Inside an executable onnxruntime-web would look for its files beside it.
    ort.env.wasm.wasmPaths = ortWasmPaths();
    await prepareWasm();
    try {
      const session = await ort.InferenceSession.create(bytes, {
        executionProviders: ["wasm"],
        graphOptimizationLevel: "all",
      });
      return new OrtSession(ort as unknown as OrtTensors, session);
    } finally {
      // With more threads its own workers are of that kind, and may still be started.
      if (ort.env.wasm.numThreads === 1) globalThis.Worker = WebWorker;
    }
  },
};
