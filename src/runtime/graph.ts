import { EdgecapError } from "../errors.ts";
import type { Backend, BackendSession, OpenOptions } from "./backend.ts";
import { type GraphPort, type GraphTensor, type GraphValue, toHost } from "./tensors.ts";

/** One ONNX graph, ready to run on a backend. */
export class Graph implements AsyncDisposable {
  /** The graph's name, for messages. */
  readonly name: string;
  readonly #session: BackendSession;

  /** Takes ownership of the session. */
  constructor(name: string, session: BackendSession) {
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
   * Runs the graph like {@linkcode Graph.run}, but leaves the outputs that `keep` names on the device, if
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

/**
 * Loads a graph on a backend.
 *
 * @param name Name for messages, for instance `encoder`.
 * @param bytes The `.onnx` file; only `webgpu` needs it afterwards, in case the device is lost.
 * @throws {EdgecapError} `graph-failed` if the backend refuses it, or what the backend throws of its own.
 */
export async function openSession(
  name: string,
  backend: Backend,
  bytes: Uint8Array,
  options: OpenOptions,
): Promise<BackendSession> {
  try {
    return await backend.open(bytes, options);
  } catch (cause) {
    throw failed(`The graph "${name}" does not load on the backend "${backend.name}"`, cause);
  }
}

function failed(what: string, cause: unknown): EdgecapError {
  if (cause instanceof EdgecapError) return cause;
  return new EdgecapError("graph-failed", `${what}: ${String(cause)}.`, { cause });
}
