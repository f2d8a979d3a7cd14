/**
 * The web's own `Worker`, as it was before onnxruntime-web started: its WebAssembly puts the one of `node:worker_threads`
 * in the global place, which takes other arguments and has other events.
 */
export const WebWorker: typeof Worker = globalThis.Worker;
