import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** An input or output of a graph in a test. */
export interface Fed {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Runs a model's bytes once on onnxruntime-web, and gives its float32 outputs by name. */
export async function runOnnx(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, Fed>>,
): Promise<Map<string, Fed & { readonly data: Float32Array }>> {
  const session = await ort.InferenceSession.create(bytes);
  try {
    const tensors = Object.entries(feeds).map(([name, { shape, data }]) => [name, toTensor(data, shape)] as const);
    const outputs = await session.run(Object.fromEntries(tensors));
    return new Map(
      Object.entries(outputs).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: Float32Array.from(data as Float32Array) },
      ]),
    );
  } finally {
    await session.release();
  }
}

function toTensor(data: Fed["data"], shape: readonly number[]): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  return new ort.Tensor("uint8", data, shape);
}
