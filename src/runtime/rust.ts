import { readAsset } from "#assets";
import type { Backend } from "./backend.ts";
import { rustBackend } from "./rust/rust_backend.ts";

/** One backend for all graphs: its modules are compiled and tried only once. */
let opened: Promise<Backend> | undefined;

/**
 * The backend `rust`, with edgecap's own files.
 *
 * @throws {EdgecapError} `backend-unavailable` on opening a graph of another form.
 */
export function openRust(): Promise<Backend> {
  opened ??= open().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function open(): Promise<Backend> {
  // Most runtimes need both, so both are read at once.
  const [relaxed, dot16] = [readAsset("engine_relaxed.wasm"), readAsset("engine_dot16.wasm")];
  dot16.catch(() => {});
  return await rustBackend({
    relaxed: async () => {
      const bytes = await relaxed;
      return WebAssembly.validate(bytes) ? await WebAssembly.compile(bytes) : undefined;
    },
    dot16: async () => await WebAssembly.compile(await dot16),
  });
}
