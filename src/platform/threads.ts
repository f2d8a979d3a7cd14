/**
 * Threads as web workers, on Bun, Deno and in browsers. Imported as `#threads`, which package.json maps to this file
 * or, on Node, to threads_node.ts; both export the same.
 */
import { WebWorker } from "./web_worker.ts";

/** The message channel of a thread's own script. */
export interface ThreadScope<In, Out> {
  /** Sends a message to the thread that started this one. */
  postMessage(message: Out): void;
  /** Receives each message to the thread. */
  onmessage: ((event: { readonly data: In }) => void) | null;
}

/** Starts a thread that runs the module at an address. */
export function startThread(address: string): Worker {
  return new WebWorker(address, { type: "module" });
}

/** The scope of the calling thread. */
export function threadScope<In, Out>(): ThreadScope<In, Out> {
  return globalThis as unknown as ThreadScope<In, Out>;
}
