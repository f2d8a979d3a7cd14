import type { Graph } from "../../export/graph.ts";
import { decodeModel } from "../../export/onnx_proto.ts";
import type { GraphTensor } from "../../export/tensor.ts";

/** The weights of a bundle's decoder. */
export interface DecoderFiles {
  readonly decoderInit: Uint8Array;
  readonly decoderStep: Uint8Array;
}

/**
 * Weights of a bundle's decoder in float32, by the names that training gives them.
 *
 * Weights that the bundle stores in fewer bits are widened in the same way as its graphs do it.
 */
export function bundleWeights({ decoderInit, decoderStep }: DecoderFiles): Map<string, Float32Array> {
  return new Map([decodeModel(decoderInit), decodeModel(decoderStep)].flatMap((graph) => [...weightsOf(graph)]));
}

function* weightsOf({ initializers, nodes }: Graph): Generator<[string, Float32Array]> {
  for (const [name, stored] of initializers) {
    if (stored.type === "float16" && name.endsWith("/half")) {
      yield [name.slice(0, -"/half".length), Float32Array.from(floatsOf(stored))];
    } else if (stored.type === "int8" && name.endsWith("/int8")) {
      const plain = name.slice(0, -"/int8".length);
      const axis = nodes.find(({ inputs }) => inputs[0] === name)!.attributes["axis"];
      yield [plain, widened(stored, initializers.get(`${plain}/scales`)!, Number(axis))];
    } else if (stored.type === "float32" && stored.shape.length > 0) {
      yield [name, Float32Array.from(stored.data as Float32Array)];
    }
  }
}

/** Half-precision elements as numbers, in whichever form the reader of the graph keeps them. */
function floatsOf({ data }: GraphTensor): ArrayLike<number> {
  return data instanceof Uint16Array ? new Float16Array(data.slice().buffer) : (data as unknown as ArrayLike<number>);
}

/** @param axis Axis of the matrix that the scales follow: 0 for one per row, 1 for one per column. */
function widened({ shape, data }: GraphTensor, scales: GraphTensor, axis: number): Float32Array {
  const columns = shape[1] ?? 1;
  return Float32Array.from(data as Int8Array, (value, i) => {
    const channel = axis === 0 ? Math.floor(i / columns) : i % columns;
    return value * Number(scales.data[channel]!);
  });
}
