import { ortWasmPaths } from "#assets";
import * as ort from "#onnxruntime";
import { EdgecapError } from "../errors.ts";
// Before the first session, after which the global Worker is another.
import "./web_worker.ts";

/** A tensor as graphs take and give it. */
export interface GraphTensor {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** Name and lengths of a graph's input or output; a name stands for a length that the caller chooses. */
export interface GraphPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** How graphs are run. */
export interface RuntimeOptions {
  /** Threads of one inference, from 1. More help only where no other work wants the cores. Default 1. */
  readonly threads?: number;
}

/** The web's workers: onnxruntime-web puts Node's in their place, globally, when its script is loaded. */
const { Worker: WebWorker } = globalThis;

/** One ONNX graph, ready to run on onnxruntime-web's WebAssembly. */
export class GraphSession implements AsyncDisposable {
  /** The graph's name, for messages. */
  readonly name: string;
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  readonly #session: ort.InferenceSession;

  private constructor(name: string, session: ort.InferenceSession) {
    this.name = name;
    this.#session = session;
    this.inputs = portsOf(session.inputMetadata);
    this.outputs = portsOf(session.outputMetadata);
  }

  /**
   * Loads a graph.
   *
   * @param name Name for messages, for instance `encoder`.
   * @param bytes The `.onnx` file; not needed any more afterwards.
   * @throws {EdgecapError} `graph-failed` where onnxruntime refuses it.
   */
  static async create(name: string, bytes: Uint8Array, options: RuntimeOptions = {}): Promise<GraphSession> {
    ort.env.wasm.numThreads = options.threads ?? 1;
    // Inside an executable onnxruntime-web would look for its files beside it.
    ort.env.wasm.wasmPaths = ortWasmPaths();
    try {
      const session = await ort.InferenceSession.create(bytes, {
        executionProviders: ["wasm"],
        graphOptimizationLevel: "all",
      });
      return new GraphSession(name, session);
    } catch (cause) {
      throw new EdgecapError("graph-failed", `The graph "${name}" does not load: ${String(cause)}.`, { cause });
    } finally {
      // With more threads its own workers are of that kind, and may still be started.
      if (ort.env.wasm.numThreads === 1) globalThis.Worker = WebWorker;
    }
  }

  /**
   * Runs the graph once; it blocks the calling thread for as long as it computes.
   *
   * @param inputs Tensors by input name.
   * @returns Tensors by output name.
   * @throws {EdgecapError} `graph-failed`, with onnxruntime's own message, which can be a bare number.
   */
  async run(inputs: Readonly<Record<string, GraphTensor>>): Promise<Readonly<Record<string, GraphTensor>>> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(inputs)) {
      feeds[name] =
        data instanceof Int32Array ? new ort.Tensor("int32", data, shape) : new ort.Tensor("float32", data, shape);
    }
    let fetched: ort.InferenceSession.OnnxValueMapType;
    try {
      fetched = await this.#session.run(feeds);
    } catch (cause) {
      throw new EdgecapError("graph-failed", `The graph "${this.name}" failed: ${String(cause)}.`, { cause });
    }
    return Object.fromEntries(
      Object.entries(fetched).map(([name, value]) => {
        const output = value as ort.Tensor;
        return [name, { data: output.data as Float32Array, shape: output.dims }];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

function portsOf(metadata: readonly ort.InferenceSession.ValueMetadata[]): GraphPort[] {
  return metadata.map((port) => ({ name: port.name, shape: port.isTensor ? port.shape : [] }));
}
