import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { BackendSession } from "./backend.ts";
import type { DeviceTensor, GraphPort, GraphTensor, GraphValue } from "./tensors.ts";

/** The part of onnxruntime's packages that makes tensors; all have the same interface. */
export interface OrtTensors {
  readonly Tensor: new (type: "float32" | "int32", data: Float32Array | Int32Array, shape: readonly number[]) => Tensor;
}

/** A tensor that onnxruntime keeps on the device. */
class OrtDeviceTensor implements DeviceTensor {
  readonly tensor: Tensor;

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  get shape(): readonly number[] {
    return this.tensor.dims;
  }

  async read(): Promise<GraphTensor> {
    return { data: (await this.tensor.getData()) as Float32Array, shape: this.tensor.dims };
  }

  [Symbol.dispose](): void {
    this.tensor.dispose();
  }
}

/** A session of any onnxruntime package. */
export class OrtSession implements BackendSession {
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  readonly #tensors: OrtTensors;
  readonly #session: InferenceSession;

  constructor(tensors: OrtTensors, session: InferenceSession) {
    this.#tensors = tensors;
    this.#session = session;
    this.inputs = portsOf(session.inputMetadata);
    this.outputs = portsOf(session.outputMetadata);
  }

  async run(inputs: Readonly<Record<string, GraphValue>>): Promise<Record<string, GraphValue>> {
    const feeds = Object.entries(inputs).map(([name, value]) => [name, this.#tensorOf(value)] as const);
    const outputs = await this.#session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, value]): [string, GraphValue] => {
        const tensor = value as Tensor;
        if (tensor.location === "gpu-buffer") return [name, new OrtDeviceTensor(tensor)];
        return [name, { data: tensor.data as Float32Array, shape: tensor.dims }];
      }),
    );
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #tensorOf(value: GraphValue): Tensor {
    if (value instanceof OrtDeviceTensor) return value.tensor;
    const { data, shape } = value as GraphTensor;
    return new this.#tensors.Tensor(data instanceof Int32Array ? "int32" : "float32", data, shape);
  }
}

function portsOf(metadata: readonly InferenceSession.ValueMetadata[]): GraphPort[] {
  return metadata.map((port) => ({ name: port.name, shape: port.isTensor ? port.shape : [] }));
}
