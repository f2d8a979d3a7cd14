/** A tensor in the memory of this program, as graphs take and give it. */
export interface GraphTensor {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** A tensor that stays where its backend computed it, for another graph of the same backend to read; free it. */
export interface DeviceTensor extends Disposable {
  readonly shape: readonly number[];
  /** A copy of it in the memory of this program. */
  read(): Promise<GraphTensor>;
}

/** What a graph can be fed with. */
export type GraphValue = GraphTensor | DeviceTensor;

/** Name and lengths of a graph's input or output; a name stands for a length that the caller chooses. */
export interface GraphPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** Whether a tensor is on a device. */
export function isDeviceTensor(value: GraphValue): value is DeviceTensor {
  return "read" in value;
}

/** The tensor in the memory of this program; where it was on a device, that one is freed. */
export async function toHost(value: GraphValue): Promise<GraphTensor> {
  if (!isDeviceTensor(value)) return value;
  using device = value;
  return await device.read();
}

/** Frees what is on a device among some tensors. */
export function freeAll(values: Iterable<GraphValue>): void {
  for (const value of values) if (isDeviceTensor(value)) value[Symbol.dispose]();
}
