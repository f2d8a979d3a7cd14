/**
 * Threads as the web has them, on Bun, Deno and in browsers. Imported as `#threads`, which package.json maps to this file
 * or, on Node, to threads_node.ts; both export the same.
 */
import { WebWorker } from "./web_worker.ts";

/** What a thread's own script speaks through. */
export interface ThreadScope<In, Out> {
  /** Sends a message to whoever started the thread. */
  postMessage(message: Out): void;
  /** Takes each message to the thread. */
  onmessage: ((event: { readonly data: In }) => void) | null;
}

/** Starts a thread of the module at an address. */
export function startThread(address: string): Worker {
  return new WebWorker(address, { type: "module" });
}

/** The scope of the thread that calls. */
export function threadScope<In, Out>(): ThreadScope<In, Out> {
  return globalThis as unknown as ThreadScope<In, Out>;
}
