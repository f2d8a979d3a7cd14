import { EdgecapError } from "../errors.ts";
import type { BackendName, BackendSession } from "./backend.ts";
import { openBackend } from "./backends.ts";
import { type GraphPort, type GraphTensor, type GraphValue, toHost } from "./tensors.ts";

export type { GraphPort, GraphTensor, GraphValue } from "./tensors.ts";

/** How graphs are run. */
export interface RuntimeOptions {
  /** Threads per inference, from 1. More only help if no other work needs the cores. Default 1. */
  readonly threads?: number;
  /** What executes the graph. Default `wasm`. */
  readonly backend?: BackendName;
  /** Outputs that {@linkcode GraphSession.runKeeping} leaves on the device. Default none. */
  readonly keep?: readonly string[];
}

/** One ONNX graph, ready to run on a backend. */
export class GraphSession implements AsyncDisposable {
  /** The graph's name, for messages. */
  readonly name: string;
  readonly #session: BackendSession;

  private constructor(name: string, session: BackendSession) {
    this.name = name;
    this.#session = session;
  }

  get inputs(): readonly GraphPort[] {
    return this.#session.inputs;
  }

  get outputs(): readonly GraphPort[] {
    return this.#session.outputs;
  }

  /**
   * Loads a graph.
   *
   * @param name Name for messages, for instance `encoder`.
   * @param bytes The `.onnx` file; only `webgpu` needs it afterwards, in case the device is lost.
   * @throws {EdgecapError} `graph-failed` if onnxruntime refuses it; `backend-unavailable`.
   */
  static async create(name: string, bytes: Uint8Array, options: RuntimeOptions = {}): Promise<GraphSession> {
    const { threads = 1, backend = "wasm", keep = [] } = options;
    const opened = await openBackend(backend);
    try {
      return new GraphSession(name, await opened.open(bytes, { threads, keep }));
    } catch (cause) {
      throw failed(`The graph "${name}" does not load on the backend "${backend}"`, cause);
    }
  }

  /**
   * Runs the graph once; on `wasm` this blocks the calling thread.
   *
   * @param inputs Tensors by input name.
   * @returns Tensors by output name.
   * @throws {EdgecapError} `graph-failed`, with onnxruntime's own message, which can be a bare number; `backend-lost`.
   */
  async run(inputs: Readonly<Record<string, GraphValue>>): Promise<Readonly<Record<string, GraphTensor>>> {
    const outputs: Record<string, GraphTensor> = {};
    for (const [name, value] of Object.entries(await this.runKeeping(inputs))) outputs[name] = await toHost(value);
    return outputs;
  }

  /**
   * Runs the graph like {@linkcode GraphSession.run}, but leaves the outputs that `keep` names on the device, if
   * the backend has one. The caller frees them.
   */
  async runKeeping(inputs: Readonly<Record<string, GraphValue>>): Promise<Readonly<Record<string, GraphValue>>> {
    try {
      return await this.#session.run(inputs);
    } catch (cause) {
      throw failed(`The graph "${this.name}" failed`, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

function failed(what: string, cause: unknown): EdgecapError {
  if (cause instanceof EdgecapError) return cause;
  return new EdgecapError("graph-failed", `${what}: ${String(cause)}.`, { cause });
}
