/**
 * The web's `Worker`, saved before onnxruntime-web started, whose WebAssembly replaces it by the one of
 * `node:worker_threads` in the global scope, which has other arguments and events.
 */
export const WebWorker: typeof Worker = globalThis.Worker;
