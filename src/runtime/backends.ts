import type { Backend, BackendName } from "./backend.ts";
import { openNative } from "./native.ts";

/** A process has one backend of each kind, as onnxruntime requires; failures are not cached. */
const opened = new Map<BackendName, Promise<Backend>>();

/**
 * Opens a backend, or returns the open one.
 *
 * @throws {EdgecapError} `backend-unavailable`, saying what is missing and how to get it.
 */
export function openBackend(name: BackendName): Promise<Backend> {
  const known = opened.get(name);
  if (known !== undefined) return known;
  const opening = openers[name]();
  opened.set(name, opening);
  opening.catch(() => opened.delete(name));
  return opening;
}

const openers: Readonly<Record<BackendName, () => Promise<Backend>>> = {
  // An app that uses one engine should not load the other.
  wasm: async () => (await import("./wasm.ts")).wasmBackend,
  rust: async () => (await import("./rust.ts")).openRust(),
  // It needs another build of onnxruntime-web, which the other backends should not load.
  webgpu: async () => (await import("./webgpu.ts")).openWebgpu(),
  native: openNative,
};
