import { EdgecapError } from "../errors.ts";
import { toFloat16 } from "./float16.ts";

/** Element types that edgecap writes into ONNX graphs. */
export type TensorType = "float32" | "float16" | "uint8" | "int8" | "int32" | "int64" | "bool";

/**
 * Numbers of a tensor: a typed array of the tensor's type, `Uint16Array` of raw bits for `float16`, bytes for `bool`.
 */
export type TensorData = Float32Array | Uint16Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

/** A dense tensor held in memory, in row-major order. */
export interface GraphTensor {
  /** Type of the elements. */
  readonly type: TensorType;
  /** Lengths of the dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** The elements: as many as the lengths multiplied. */
  readonly data: TensorData;
}

interface TypeFacts {
  /** `TensorProto.DataType` of the ONNX schema. */
  readonly code: number;
  readonly bytes: number;
  readonly view: (buffer: ArrayBuffer) => TensorData;
  readonly from: (numbers: ArrayLike<number>) => TensorData;
}

const facts: Readonly<Record<TensorType, TypeFacts>> = {
  float32: { code: 1, bytes: 4, view: (b) => new Float32Array(b), from: (n) => Float32Array.from(n) },
  uint8: { code: 2, bytes: 1, view: (b) => new Uint8Array(b), from: (n) => Uint8Array.from(n) },
  int8: { code: 3, bytes: 1, view: (b) => new Int8Array(b), from: (n) => Int8Array.from(n) },
  int32: { code: 6, bytes: 4, view: (b) => new Int32Array(b), from: (n) => Int32Array.from(n) },
  int64: {
    code: 7,
    bytes: 8,
    view: (b) => new BigInt64Array(b),
    from: (n) => BigInt64Array.from(Array.from(n, (value) => BigInt(value))),
  },
  bool: { code: 9, bytes: 1, view: (b) => new Uint8Array(b), from: (n) => Uint8Array.from(n) },
  float16: { code: 10, bytes: 2, view: (b) => new Uint16Array(b), from: (n) => toFloat16(n) },
};

/** The number that ONNX's schema gives to an element type. */
export function typeCode(type: TensorType): number {
  return facts[type].code;
}

/**
 * The element type behind a number of ONNX's schema.
 *
 * @throws {EdgecapError} `data-invalid` if edgecap does not handle that type.
 */
export function typeOfCode(code: number): TensorType {
  for (const [type, { code: known }] of Object.entries(facts)) if (known === code) return type as TensorType;
  throw new EdgecapError("data-invalid", `edgecap cannot read ONNX element type ${code}.`);
}

/** Number of elements of a shape; 1 for a scalar's empty shape. */
function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Makes a tensor.
 *
 * @param type Element type; plain numbers are converted to it (`float16` rounds to nearest, ties to even).
 * @param shape Lengths, all known.
 * @param data The elements in row-major order: a typed array that already fits is kept without a copy.
 * @throws {EdgecapError} `data-invalid` if the number of elements is not the shape's.
 */
export function tensor(type: TensorType, shape: readonly number[], data: TensorData | readonly number[]): GraphTensor {
  const kept = isPlain(data) || !fits(type, data) ? facts[type].from(numbersOf(data)) : data;
  if (kept.length !== sizeOf(shape)) {
    throw new EdgecapError(
      "data-invalid",
      `A tensor of shape [${shape.join(", ")}] holds ${sizeOf(shape)} elements, but ${kept.length} were given.`,
    );
  }
  return { type, shape: [...shape], data: kept };
}

function isPlain(data: TensorData | readonly number[]): data is readonly number[] {
  return Array.isArray(data);
}

function fits(type: TensorType, data: TensorData): boolean {
  return data.constructor === facts[type].view(new ArrayBuffer(0)).constructor;
}

/** A tensor's elements as plain numbers; `float16` bits are not decoded here. */
function numbersOf(data: TensorData | readonly number[]): ArrayLike<number> {
  return data instanceof BigInt64Array ? Array.from(data, Number) : data;
}

/** A tensor's elements as little-endian bytes, the way `raw_data` wants them; a view if possible. */
export function tensorBytes(value: GraphTensor): Uint8Array {
  return new Uint8Array(value.data.buffer, value.data.byteOffset, value.data.byteLength);
}

/**
 * Reads a tensor back from `raw_data`.
 *
 * @throws {EdgecapError} `data-invalid` if the bytes are not as many as the shape needs.
 */
export function tensorFromBytes(type: TensorType, shape: readonly number[], bytes: Uint8Array): GraphTensor {
  const expected = sizeOf(shape) * facts[type].bytes;
  if (bytes.byteLength !== expected) {
    throw new EdgecapError(
      "data-invalid",
      `A ${type} tensor of shape [${shape.join(", ")}] takes ${expected} bytes, but ${bytes.byteLength} were given.`,
    );
  }
  // The copy aligns the bytes, because raw_data may start anywhere in a file.
  return { type, shape: [...shape], data: facts[type].view(new Uint8Array(bytes).buffer) };
}
