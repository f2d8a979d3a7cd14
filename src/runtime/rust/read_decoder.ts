import type { Buffer, DecoderOperation, DecoderPlan, DecoderPort, DenseWeights, Matrix, Rows } from "./decoder_plan.ts";
import { widened } from "./dense_weights.ts";
import { type OnnxGraph, type OnnxNode, type OnnxPort, type OnnxTensor, readOnnx } from "./onnx_reader.ts";
import { expectOnly, nameOf, refuse, types } from "./refuse.ts";

/** The module writes whole panels of this many columns. */
const panel = 8;

/** The meaning of a graph's value. */
type Value =
  | { readonly kind: "constant"; readonly tensor: OnnxTensor }
  /** A constant whose numbers stand for float32 ones; `axis` is that of the scales. */
  | { readonly kind: "weights"; readonly tensor: OnnxTensor; readonly scales?: Float32Array; readonly axis?: number }
  /** A matrix of each picture; `flat` if it has one row, which ONNX counts as no dimension. */
  | { readonly kind: "matrix"; readonly matrix: Matrix; readonly flat: boolean }
  | { readonly kind: "turned"; readonly matrix: Matrix; readonly flat: boolean }
  /** Row numbers, of which an input is checked before each run. */
  | { readonly kind: "places"; readonly matrix: Matrix; readonly input?: string };

type MatrixValue = Extract<Value, { kind: "matrix" }>;

/**
 * Reads what a decoder's graph computes: the two graphs of the preset `attention`, with concepts or without, in each
 * precision, as src/training/attention/ exports them.
 *
 * @param bytes The `.onnx` file; the plan's weights are parts of it.
 * @throws {EdgecapError} `backend-unavailable` if the graph has another form, naming the operation.
 * @throws {Error} if the bytes are not an ONNX graph.
 */
export function readDecoder(bytes: Uint8Array): DecoderPlan {
  return decoderOf(readOnnx(bytes));
}

/** The same for a graph that has been read from its file. */
export function decoderOf(graph: OnnxGraph): DecoderPlan {
  return new DecoderReader(graph).plan();
}

class DecoderReader {
  readonly #graph: OnnxGraph;
  readonly #values = new Map<string, Value>();
  readonly #buffers: Buffer[] = [];
  readonly #operations: DecoderOperation[] = [];
  /** Upper bound (excluded) of each input of row numbers. */
  readonly #limits = new Map<string, number>();
  #beams: string | undefined;

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
    for (const [name, tensor] of graph.constants) this.#values.set(name, { kind: "constant", tensor });
  }

  plan(): DecoderPlan {
    const { inputs, outputs, nodes } = this.#graph;
    const read = inputs.map((port) => this.#input(port));
    for (const node of nodes) this.#read(node);
    return {
      buffers: this.#buffers,
      operations: this.#operations,
      inputs: read.map((port) => ({ ...port, ...limit(this.#limits.get(port.name)) })),
      outputs: outputs.map((port) => this.#output(port)),
    };
  }

  #input({ name, type, shape }: OnnxPort): DecoderPort {
    const [pictures, second = "", third] = shape;
    const known = (type === types.float32 && shape.length === 3) || (type === types.int32 && shape.length === 2);
    if (!known || typeof pictures === "number" || typeof third === "string" || this.#values.has(name))
      refuse(`its input "${name}" is [${shape.join(", ")}] of type ${type}`);
    const rows = this.#rows(name, second);
    if (rows === 0 || third === 0) refuse(`its input "${name}" is empty`);
    const matrix = this.matrix(rows, third ?? 1, third === undefined ? 1 : undefined);
    this.#values.set(
      name,
      third === undefined ? { kind: "places", matrix, input: name } : { kind: "matrix", matrix, flat: false },
    );
    return { name, shape, matrix };
  }

  #output({ name, type, shape }: OnnxPort): DecoderPort {
    const value = this.#values.get(name);
    const [pictures, ...lengths] = shape;
    if (value?.kind !== "matrix" || type !== types.float32 || typeof pictures === "number")
      refuse(`its output "${name}" is not a matrix of each picture`);
    const { matrix, flat } = value;
    const found = flat ? [matrix.columns] : [matrix.rows, matrix.columns];
    const declared = lengths.map((length) => (typeof length === "string" ? this.#rows(name, length) : length));
    if (declared.join() !== found.join()) refuse(`its output "${name}" is [${shape.join(", ")}]`);
    return { name, shape, matrix };
  }

  #rows(port: string, length: number | string): Rows {
    if (typeof length === "number") return length;
    this.#beams ??= length;
    if (length !== this.#beams) refuse(`its port "${port}" has the length "${length}" beside "${this.#beams}"`);
    return "beams";
  }

  #read(node: OnnxNode): void {
    const reader = node.domain === "" ? readers[node.op] : undefined;
    if (reader === undefined) refuse(`it has the operation ${nameOf(node)}`);
    const results = reader(node, this);
    if (results.length !== node.outputs.length) refuse(`${nameOf(node)} has ${node.outputs.length} outputs`);
    for (const [at, result] of results.entries()) {
      const name = node.outputs[at]!;
      if (this.#values.has(name)) refuse(`${nameOf(node)} computes a value that is already there`);
      this.#values.set(name, result);
    }
  }

  /** The value that an operation reads as its input of this number. */
  value<K extends Value["kind"]>(node: OnnxNode, at: number, ...kinds: K[]): Extract<Value, { kind: K }> {
    const found = this.#values.get(node.inputs[at] ?? "");
    // A constant in float32 needs no conversion to be weights.
    const value =
      found?.kind === "constant" && found.tensor.type === types.float32 && !kinds.includes("constant" as K)
        ? { ...found, kind: "weights" as const }
        : found;
    if (value === undefined || !kinds.includes(value.kind as K))
      refuse(`${nameOf(node)} reads ${value?.kind ?? "nothing"} as its input ${at}, instead of ${kinds.join(" or ")}`);
    return value as Extract<Value, { kind: K }>;
  }

  /** The whole numbers of a constant. */
  integers(node: OnnxNode, at: number): number[] {
    const { type, shape, bytes } = this.value(node, at, "constant").tensor;
    if (type !== types.int64 || shape.length !== 1 || bytes.length !== 8 * shape[0]!)
      refuse(`${nameOf(node)} reads a constant of type ${type} as its input ${at}, instead of a list of int64`);
    return Array.from(new BigInt64Array(bytes.slice().buffer), Number);
  }

  /** A new matrix with memory of its own. */
  matrix(rows: Rows, columns: number, stride = Math.ceil(columns / panel) * panel): Matrix {
    this.#buffers.push({ rows, stride });
    return { buffer: this.#buffers.length - 1, offset: 0, rows, columns, stride };
  }

  /** The same constant row for every row. */
  constantRow(rows: Rows, data: Float32Array): Matrix {
    const { stride, ...rest } = this.matrix(1, data.length);
    this.#buffers[rest.buffer] = { rows: 1, stride, data };
    return { ...rest, rows, stride: 0 };
  }

  add(operation: DecoderOperation): void {
    this.#operations.push(operation);
  }

  /** Adds an operation whose result is a new matrix. */
  result(
    node: OnnxNode,
    flat: boolean,
    operation: Omit<DecoderOperation, "output"> & { readonly rows: Rows; readonly columns: number },
  ): [MatrixValue] {
    const { rows, columns, ...rest } = operation;
    if (rows === 0 || columns < 1) refuse(`${nameOf(node)} computes nothing`);
    const output = this.matrix(rows, columns);
    this.add({ ...rest, output });
    return [{ kind: "matrix", matrix: output, flat }];
  }

  /** Notes the rows of a table that the graph's input chooses from. */
  limit(input: string | undefined, rows: number): void {
    if (input !== undefined) this.#limits.set(input, Math.min(rows, this.#limits.get(input) ?? rows));
  }
}

const limit = (below: number | undefined) => (below === undefined ? {} : { below });

type Reader = (node: OnnxNode, plan: DecoderReader) => Value[];

/** A curve, applied to each number. */
function curve(name: "sigmoid" | "tangent" | "relu"): Reader {
  return (node, plan) => {
    expectOnly(node, {});
    const { matrix, flat } = plan.value(node, 0, "matrix");
    return plan.result(node, flat, { name, left: matrix, depth: 0, rows: matrix.rows, columns: matrix.columns });
  };
}

/** The sum or product of two matrices, or of a matrix and a constant. */
function pair(name: "add" | "times"): Reader {
  return (node, plan) => {
    expectOnly(node, {});
    const [first, second] = [plan.value(node, 0, "matrix", "weights"), plan.value(node, 1, "matrix", "weights")];
    const [value, other] = first.kind === "matrix" ? [first, second] : [second, first];
    if (value.kind !== "matrix") refuse(`${nameOf(node)} reads two constants`);
    const { matrix, flat } = value;
    const { rows, columns } = matrix;
    let right: Matrix;
    if (other.kind === "matrix") {
      right = other.matrix;
      if (right.rows !== rows || right.columns !== columns || other.flat !== flat)
        refuse(`${nameOf(node)} reads matrices of ${rows} x ${columns} and ${right.rows} x ${right.columns}`);
    } else {
      const data = widened(weightsOf(node, { ...other, tensor: { ...other.tensor, shape: [1, lengthOf(other)] } }, 0));
      const scalar = other.tensor.shape.length === 0;
      if (other.scales !== undefined || (!scalar && (other.tensor.shape.length !== 1 || data.length !== columns)))
        refuse(`${nameOf(node)} reads a constant [${other.tensor.shape.join(", ")}] for ${columns} columns`);
      right = plan.constantRow(rows, scalar ? new Float32Array(columns).fill(data[0]!) : data);
    }
    return plan.result(node, flat, { name, left: matrix, right, depth: 0, rows, columns });
  };
}

const lengthOf = ({ tensor }: { readonly tensor: OnnxTensor }) => tensor.shape.reduce((all, length) => all * length, 1);

/** Weights as a matrix; those in int8 must have their scales along this axis. */
function weightsOf(node: OnnxNode, value: Extract<Value, { kind: "weights" }>, axis: number): DenseWeights {
  const { tensor, scales } = value;
  const [rows = 0, columns = 0] = tensor.shape;
  const [kind, size] = ({ 1: ["floats", 4], 10: ["halves", 2], 3: ["bytes", 1] } as const)[tensor.type as 1 | 10 | 3];
  if (tensor.shape.length !== 2 || rows < 1 || columns < 1 || tensor.bytes.length !== rows * columns * size)
    refuse(
      `${nameOf(node)} reads weights [${tensor.shape.join(", ")}] of type ${tensor.type} in ${tensor.bytes.length} bytes`,
    );
  if (scales === undefined) return { kind, rows, columns, bytes: tensor.bytes };
  if (value.axis !== axis || scales.length !== tensor.shape[axis])
    refuse(`${nameOf(node)} has ${scales.length} scales of weights along axis ${value.axis}`);
  return { kind, rows, columns, bytes: tensor.bytes, scales };
}

const readers: Readonly<Record<string, Reader>> = {
  Add: pair("add"),
  Mul: pair("times"),
  Sigmoid: curve("sigmoid"),
  Tanh: curve("tangent"),
  Relu: curve("relu"),

  Cast: (node, plan) => {
    expectOnly(node, { to: types.float32 });
    const { tensor } = plan.value(node, 0, "constant");
    if (tensor.type !== types.float16) refuse(`${nameOf(node)} reads a constant of type ${tensor.type}`);
    return [{ kind: "weights", tensor }];
  },

  DequantizeLinear: (node, plan) => {
    expectOnly(node, { axis: undefined });
    const { tensor } = plan.value(node, 0, "constant");
    const scales = plan.value(node, 1, "constant").tensor;
    const whole = scales.type === types.float32 && scales.bytes.length === 4 * lengthOf({ tensor: scales });
    if (tensor.type !== types.int8 || !whole || node.inputs.length > 2)
      refuse(`${nameOf(node)} reads a constant of type ${tensor.type}, or has a zero point`);
    const axis = Number(node.attributes.get("axis") ?? 1);
    return [{ kind: "weights", tensor, scales: new Float32Array(scales.bytes.slice().buffer), axis }];
  },

  MatMul: (node, plan) => {
    expectOnly(node, {});
    const { matrix: left, flat } = plan.value(node, 0, "matrix");
    const right = plan.value(node, 1, "weights", "matrix", "turned");
    const { rows, columns: depth } = left;
    if (right.kind === "weights") {
      const weights = weightsOf(node, right, 1);
      if (weights.rows !== depth) refuse(`${nameOf(node)} multiplies ${depth} columns by ${weights.rows} rows`);
      return plan.result(node, flat, { name: "multiply", left, depth, weights, rows, columns: weights.columns });
    }
    const turned = right.kind === "turned";
    const { matrix } = right;
    const columns = turned ? matrix.rows : matrix.columns;
    if (flat || right.flat || columns === "beams" || (turned ? matrix.columns : matrix.rows) !== depth)
      refuse(`${nameOf(node)} multiplies ${rows} x ${depth} by a matrix of ${matrix.rows} x ${matrix.columns}`);
    const name = turned ? "product_of_rows" : "product";
    return plan.result(node, false, { name, left, right: matrix, depth, rows, columns });
  },

  Transpose: (node, plan) => {
    expectOnly(node, { perm: "0,2,1" });
    const { matrix, flat } = plan.value(node, 0, "matrix");
    if (flat || !node.attributes.has("perm")) refuse(`${nameOf(node)} does not exchange rows and columns`);
    return [{ kind: "turned", matrix, flat }];
  },

  Softmax: (node, plan) => {
    const { matrix, flat } = plan.value(node, 0, "matrix");
    expectOnly(node, { axis: node.attributes.get("axis") === 2 && !flat ? 2 : -1 });
    const { rows, columns } = matrix;
    return plan.result(node, flat, { name: "softmax", left: matrix, depth: 0, rows, columns });
  },

  Gather: (node, plan) => {
    expectOnly(node, { axis: 0 });
    const weights = weightsOf(node, plan.value(node, 0, "weights"), 0);
    const { matrix, input } = plan.value(node, 1, "places");
    plan.limit(input, weights.rows);
    const { rows } = matrix;
    return plan.result(node, false, { name: "pick", left: matrix, depth: 0, weights, rows, columns: weights.columns });
  },

  TopK: (node, plan) => {
    expectOnly(node, { axis: 1, largest: 1, sorted: 1 });
    const { matrix: left, flat } = plan.value(node, 0, "matrix");
    const [count = 0, more] = plan.integers(node, 1);
    if (!flat || !node.attributes.has("axis") || count < 1 || count > left.columns || more !== undefined)
      refuse(`${nameOf(node)} takes ${count} of ${left.columns} numbers`);
    const [output, right] = [plan.matrix(1, count), plan.matrix(1, count)];
    plan.add({ name: "largest", left, right, output, depth: left.columns });
    return [
      { kind: "matrix", matrix: output, flat },
      { kind: "places", matrix: { ...right, rows: count, columns: 1, stride: 1 } },
    ];
  },

  Unsqueeze: (node, plan) => {
    expectOnly(node, {});
    const { matrix, flat } = plan.value(node, 0, "matrix");
    if (!flat || plan.integers(node, 1).join() !== "2") refuse(`${nameOf(node)} does not make a column of a row`);
    return [{ kind: "matrix", matrix: { ...matrix, rows: matrix.columns, columns: 1, stride: 1 }, flat: false }];
  },

  Concat: (node, plan) => {
    const axis = node.attributes.get("axis") === 1 ? 1 : 2;
    expectOnly(node, { axis });
    const parts = node.inputs.map((_, at) => plan.value(node, at, "matrix"));
    const [first] = parts;
    const same = (matrix: Matrix) => (axis === 1 ? matrix.columns : matrix.rows);
    if (first === undefined || parts.some(({ matrix, flat }) => flat || same(matrix) !== same(first.matrix)))
      refuse(`${nameOf(node)} joins matrices of different lengths`);
    const lengths = parts.map(({ matrix }) => (axis === 1 ? matrix.rows : matrix.columns));
    if (lengths.includes("beams")) refuse(`${nameOf(node)} joins rows of beams`);
    const length = (lengths as number[]).reduce((all, part) => all + part, 0);
    const output = axis === 1 ? plan.matrix(length, first.matrix.columns) : plan.matrix(first.matrix.rows, length);
    let offset = 0;
    for (const { matrix } of parts) {
      const { rows, columns } = matrix;
      plan.add({ name: "copy", left: matrix, output: { ...output, offset, rows, columns }, depth: 0 });
      offset += axis === 1 ? (rows as number) * output.stride : columns;
    }
    return [{ kind: "matrix", matrix: output, flat: false }];
  },

  Split: (node, plan) => {
    expectOnly(node, { axis: 2 });
    const { matrix, flat } = plan.value(node, 0, "matrix");
    const lengths = plan.integers(node, 1);
    if (
      flat ||
      !node.attributes.has("axis") ||
      lengths.some((length) => length < 1) ||
      lengths.reduce((all, length) => all + length, 0) !== matrix.columns
    )
      refuse(`${nameOf(node)} splits ${matrix.columns} columns into ${lengths.join(", ")}`);
    let { offset } = matrix;
    return lengths.map((columns): Value => {
      const part = { ...matrix, offset, columns };
      offset += columns;
      return { kind: "matrix", matrix: part, flat };
    });
  },

  Slice: (node, plan) => {
    expectOnly(node, {});
    const { matrix, flat } = plan.value(node, 0, "matrix");
    const [[start = 0], [end = 0], axes] = [plan.integers(node, 1), plan.integers(node, 2), plan.integers(node, 3)];
    const columns = end < 0 ? matrix.columns + end : Math.min(end, matrix.columns);
    if (flat || axes.join() !== "2" || start !== 0 || columns < 1 || node.inputs.length > 4)
      refuse(`${nameOf(node)} takes the columns ${start} to ${end} of ${matrix.columns}`);
    return [{ kind: "matrix", matrix: { ...matrix, columns }, flat }];
  },

  ReduceSum: (node, plan) => {
    expectOnly(node, { keepdims: 1 });
    const { matrix: left, flat } = plan.value(node, 0, "matrix");
    if (flat || plan.integers(node, 1).join() !== "2") refuse(`${nameOf(node)} does not add up the columns`);
    return plan.result(node, flat, { name: "sum", left, depth: left.columns, rows: left.rows, columns: 1 });
  },

  ReduceMean: (node, plan) => {
    const keep = node.attributes.get("keepdims") ?? 1;
    expectOnly(node, { axes: "1", keepdims: keep === 0 ? 0 : 1 });
    const { matrix: left, flat } = plan.value(node, 0, "matrix");
    if (flat || left.rows === "beams" || !node.attributes.has("axes") || node.inputs.length > 1)
      refuse(`${nameOf(node)} is not the mean of fixed rows`);
    return plan.result(node, keep === 0, { name: "mean", left, depth: left.rows, rows: 1, columns: left.columns });
  },

  Div: (node, plan) => {
    expectOnly(node, {});
    const [left, right] = [plan.value(node, 0, "matrix"), plan.value(node, 1, "matrix")];
    const { rows, columns } = left.matrix;
    if (right.matrix.columns !== 1 || right.matrix.rows !== rows || left.flat || right.flat)
      refuse(`${nameOf(node)} does not divide each row by a number`);
    return plan.result(node, false, {
      ...{ name: "divide", left: left.matrix, right: right.matrix, depth: 0 },
      ...{ rows, columns },
    });
  },
};
