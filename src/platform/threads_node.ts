/**
 * Threads on Node, through `node:worker_threads`, with the web's methods and events. Exports the same as threads.ts.
 */
import { parentPort, Worker as Thread } from "node:worker_threads";
import type { ThreadScope } from "./threads.ts";

export type { ThreadScope } from "./threads.ts";

/** The part of the web's `Worker` that edgecap uses; the event `close` is sent when the thread has ended, as on Bun. */
class NodeWorker extends EventTarget {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  readonly #thread: Thread;

  constructor(address: string) {
    super();
    this.#thread = new Thread(new URL(address));
    this.#thread.on("message", (data: unknown) => this.onmessage?.({ data }));
    this.#thread.on("messageerror", () => this.dispatchEvent(new Event("messageerror")));
    this.#thread.on("error", (error) => {
      const event = Object.assign(new Event("error", { cancelable: true }), { error, message: String(error) });
      this.onerror?.(event as unknown as ErrorEvent);
    });
    this.#thread.on("exit", () => this.dispatchEvent(new Event("close")));
  }

  postMessage(message: unknown): void {
    this.#thread.postMessage(message);
  }

  terminate(): void {
    void this.#thread.terminate();
  }
}

/** Starts a thread that runs the module at an address. */
export function startThread(address: string): Worker {
  return new NodeWorker(address) as unknown as Worker;
}

/** The scope of the calling thread. */
export function threadScope<In, Out>(): ThreadScope<In, Out> {
  const scope: ThreadScope<In, Out> = {
    postMessage: (message) => parentPort?.postMessage(message),
    onmessage: null,
  };
  parentPort?.on("message", (data: In) => scope.onmessage?.({ data }));
  return scope;
}
