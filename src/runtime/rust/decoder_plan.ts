/** The computation of a decoder's graph: a list of operations on matrices of float32 numbers. */

/** A number of rows: fixed, or that of the beams in a run. */
export type Rows = number | "beams";

/** Memory for a matrix, whose rows begin `stride` numbers apart. */
export interface Buffer {
  readonly rows: Rows;
  readonly stride: number;
  /** The numbers of a constant. */
  readonly data?: Float32Array;
}

/** A matrix, or a part of one. */
export interface Matrix {
  /** Index of its buffer. */
  readonly buffer: number;
  /** Index of its first number in the buffer. */
  readonly offset: number;
  readonly rows: Rows;
  readonly columns: number;
  /** Numbers between the beginnings of two rows; 0 if all rows are the same. */
  readonly stride: number;
}

/** Constant weights, in the precision that the file stores them in. */
export interface DenseWeights {
  readonly kind: "floats" | "halves" | "bytes";
  readonly rows: number;
  readonly columns: number;
  /** Little-endian, row after row: a part of the file. */
  readonly bytes: Uint8Array;
  /** Of weights in int8, a scale per column, or per row of a table. */
  readonly scales?: Float32Array;
}

/**
 * Operations that read no weights, by the names of the module's exports; crates/engine/src/decoder_exports.rs has them.
 */
export type PlainOperation =
  | ("product_of_rows" | "product" | "add" | "times" | "divide" | "sigmoid" | "tangent" | "relu" | "softmax" | "copy")
  | ("mean" | "sum" | "largest");

/** An operation. Its output has the rows and columns that it computes. */
export interface DecoderOperation {
  /** `multiply` and `pick` read weights. */
  readonly name: PlainOperation | "multiply" | "pick";
  readonly left: Matrix;
  readonly right?: Matrix;
  readonly output: Matrix;
  readonly depth: number;
  readonly weights?: DenseWeights;
}

/** An input or output of the graph. */
export interface DecoderPort {
  readonly name: string;
  /** Lengths as in the file; the first one counts pictures. */
  readonly shape: readonly (number | string)[];
  readonly matrix: Matrix;
  /** Of an input of int32: its numbers must be below this. */
  readonly below?: number;
}

/** The computation of a decoder's graph. */
export interface DecoderPlan {
  readonly buffers: readonly Buffer[];
  readonly operations: readonly DecoderOperation[];
  readonly inputs: readonly DecoderPort[];
  readonly outputs: readonly DecoderPort[];
}
