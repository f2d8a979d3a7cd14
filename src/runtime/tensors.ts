/** A tensor in this program's memory, as an input or output of a graph. */
export interface GraphTensor {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** A tensor that stays on its backend's device, for another graph of the same backend to read. Free it after use. */
export interface DeviceTensor extends Disposable {
  readonly shape: readonly number[];
  /** A copy of it in this program's memory. */
  read(): Promise<GraphTensor>;
}

/** A possible input of a graph. */
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

/** The tensor in this program's memory; a device's copy is freed. */
export async function toHost(value: GraphValue): Promise<GraphTensor> {
  if (!isDeviceTensor(value)) return value;
  using device = value;
  return await device.read();
}

/** Frees those of some tensors that are on a device. */
export function freeAll(values: Iterable<GraphValue>): void {
  for (const value of values) if (isDeviceTensor(value)) value[Symbol.dispose]();
}
