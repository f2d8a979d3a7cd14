import type { GraphPort, GraphValue } from "./tensors.ts";

/** The name of a backend, which executes graphs. */
export const backendNames = ["wasm", "rust", "webgpu", "native"] as const;

/**
 * `wasm`: onnxruntime-web's WebAssembly. `rust`: edgecap's own engine for 8-bit encoders and attention decoders; other
 * decoders run on `wasm`.
 * `webgpu`: onnxruntime-web's WebGPU. `native`: onnxruntime-node.
 */
export type BackendName = (typeof backendNames)[number];

/** A backend by name, or the best one on this machine. */
export type BackendChoice = BackendName | "auto";

/** The graphics processor behind WebGPU. */
export interface AdapterInfo {
  /** Its name according to the driver. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Whether it is emulated on the processor (SwiftShader, llvmpipe): correct but slow. */
  readonly software: boolean;
  /** Features that matter to graphs, such as `shader-f16`. */
  readonly features: readonly string[];
  /** The limits that matter to graphs, in bytes and invocations. */
  readonly limits: Readonly<Record<string, number>>;
}

/** How a graph is opened. */
export interface OpenOptions {
  /** Threads per inference, from 1; ignored by `webgpu` and `rust`. */
  readonly threads: number;
  /** Outputs that stay on the device, if the backend has one. */
  readonly keep: readonly string[];
}

/** A graph that a backend has loaded. */
export interface BackendSession {
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  /** Runs it once; throws what onnxruntime throws, or an EdgecapError. */
  run(inputs: Readonly<Record<string, GraphValue>>): Promise<Record<string, GraphValue>>;
  release(): Promise<void>;
}

/** Loads graphs and runs them. */
export interface Backend {
  readonly name: BackendName;
  /** Name and version of the library behind it. */
  readonly engine: string;
  /** Only for `webgpu`. */
  readonly adapter?: AdapterInfo;
  open(bytes: Uint8Array, options: OpenOptions): Promise<BackendSession>;
  /**
   * Makes the runtime compile what captions will run, while the caller waits for something else; only for `rust`.
   *
   * @param signal Ends it within about a millisecond.
   */
  warmUp?(signal: AbortSignal): Promise<void>;
}
