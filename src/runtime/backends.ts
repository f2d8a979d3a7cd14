import type { Backend, BackendName } from "./backend.ts";
import { openNative } from "./native.ts";
import { wasmBackend } from "./wasm.ts";

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
  wasm: async () => wasmBackend,
  // A page should not fetch it for other backends.
  rust: async () => (await import("./rust.ts")).openRust(),
  // It needs another build of onnxruntime-web, which the other backends should not load.
  webgpu: async () => (await import("./webgpu.ts")).openWebgpu(),
  native: openNative,
};

/** The backend that runs the decoder beside an encoder on this one: `rust` has no decoder of its own. */
export function decoderBackend(encoder: BackendName): BackendName {
  return encoder === "rust" ? "wasm" : encoder;
}
