import type { BackendName } from "./backend.ts";
import { openBackend } from "./backends.ts";
import { Graph, openSession } from "./graph.ts";

export type { GraphTensor, GraphValue } from "./tensors.ts";

/** How graphs are run. */
export interface RuntimeOptions {
  /** Threads per inference, from 1. More only help if no other work needs the cores. Default 1. */
  readonly threads?: number;
  /** The backend that executes the graph. Default `wasm`. */
  readonly backend?: BackendName;
  /** Outputs that {@linkcode Graph.runKeeping} leaves on the device. Default none. */
  readonly keep?: readonly string[];
}

/** A graph on one of this process's backends. */
export class GraphSession extends Graph {
  /**
   * Loads a graph.
   *
   * @param name Name for messages, for instance `encoder`.
   * @param bytes The `.onnx` file; only `webgpu` needs it afterwards, in case the device is lost.
   * @throws {EdgecapError} `graph-failed` if onnxruntime refuses it; `backend-unavailable`.
   */
  static async create(name: string, bytes: Uint8Array, options: RuntimeOptions = {}): Promise<GraphSession> {
    const { threads = 1, backend = "wasm", keep = [] } = options;
    return new GraphSession(name, await openSession(name, await openBackend(backend), bytes, { threads, keep }));
  }
}
