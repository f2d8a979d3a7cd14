import type { DecoderOperation, DecoderPlan, DecoderPort, DenseWeights, Matrix, Rows } from "./decoder_plan.ts";
import { widened } from "./dense_weights.ts";
import type { KernelModule, OperationName } from "./kernel_module.ts";

/** Columns of weights that a product computes together. */
const panel = 8;
/** Numbers of the structure `Operation` of crates/engine/src/layout.rs. */
const fields = 12;
/** Kernels read up to this many bytes behind the last row. */
const slack = 64;
/** From this many rows on, a product leaves out zeros, and widens this many columns of weights at a time. */
const [manyRows, wideColumns] = [16, 32];

/** Weights in the module's memory; addresses of 0 stand for none. */
interface LaidWeights {
  readonly kind: DenseWeights["kind"];
  readonly address: number;
  readonly scales: number;
}

/** A decoder's graph, laid out completely in the memory of a module. */
export class DenseDecoder {
  readonly #plan: DecoderPlan;
  readonly #module: KernelModule;
  readonly #calls: readonly ((operation: number) => void)[];
  readonly #weights: readonly (LaidWeights | undefined)[];
  /** Address of the operations' structures, which lie one after another. */
  readonly #structures: number;
  /** The matrices' memory; before the first run, weights on their way to their packed form. */
  #arena: number;
  #arenaBytes: number;
  /** Beams that the structures are written for. */
  #beams = 0;
  #addresses: readonly number[] = [];

  /** Lays out the weights; the file that the plan was read from is not needed afterwards. */
  constructor(plan: DecoderPlan, module: KernelModule) {
    this.#module = module;
    const { operations } = plan;
    // The largest weights need most room while they are packed: they are float32 if halves cannot hold them.
    const sizes = operations.map(({ weights }) => (weights === undefined ? 0 : weights.bytes.length));
    this.#arenaBytes = Math.max(slack, ...sizes);
    module.reserve(this.#arenaBytes + sizes.reduce((sum, size) => sum + size, 0));
    this.#arena = module.allocate(this.#arenaBytes);
    this.#weights = operations.map(({ name, weights }) => weights && this.#layWeights(name, weights));
    this.#structures = module.allocate(4 * fields * operations.length);
    this.#calls = operations.map(({ name }, at) => module.operation(callName(name, this.#weights[at]?.kind)));
    // The unpacked weights are large, and no longer needed.
    this.#plan = { ...plan, operations: operations.map(({ weights: _, ...operation }) => operation) };
  }

  /**
   * Runs it for one picture.
   *
   * @param inputs Numbers of each input.
   * @param beams Rows of the matrices that have one for each beam.
   * @returns Copies of the outputs.
   */
  run(inputs: readonly (Float32Array | Int32Array)[], beams: number): Float32Array[] {
    if (this.#beams !== beams) this.#place(beams);
    const memory = this.#module.exports.memory.buffer;
    for (const [at, { matrix }] of this.#plan.inputs.entries()) {
      const data = inputs[at]!;
      if (data instanceof Int32Array) new Int32Array(memory).set(data, this.#addressOf(matrix) / 4);
      else write(new Float32Array(memory), this.#addressOf(matrix) / 4, matrix, data);
    }
    let structure = this.#structures;
    for (const call of this.#calls) {
      call(structure);
      structure += 4 * fields;
    }
    const numbers = new Float32Array(memory);
    return this.#plan.outputs.map(({ matrix }) => read(numbers, this.#addressOf(matrix) / 4, matrix, beams));
  }

  #layWeights(name: DecoderOperation["name"], weights: DenseWeights): LaidWeights {
    const { kind, rows, columns, bytes, scales } = weights;
    const module = this.#module;
    if (name === "pick") {
      return { kind, address: module.put(bytes), scales: scales === undefined ? 0 : module.put(scales) };
    }
    const whole = Math.ceil(columns / panel) * panel;
    const packed = module.allocate((bytes.length / columns) * whole);
    module.write(this.#arena, bytes);
    if (module.exports[`pack_dense_${kind}`](this.#arena, rows * columns, columns, packed) === 0) {
      // Halves of 128 or more are widened; no decoder that edgecap trains has any.
      const floats = widened(weights);
      const [source, address] = [module.put(floats), module.allocate(4 * rows * whole)];
      module.exports.pack_dense_floats(source, rows * columns, columns, address);
      return { kind: "floats", address, scales: 0 };
    }
    const filled = new Float32Array(whole);
    filled.set(scales ?? []);
    return { kind, address: packed, scales: scales === undefined ? 0 : module.put(filled) };
  }

  #addressOf({ buffer, offset }: Matrix): number {
    return this.#addresses[buffer]! + 4 * offset;
  }

  /** Gives each buffer a place, and writes the operations. */
  #place(beams: number): void {
    const { buffers, operations } = this.#plan;
    const addresses: number[] = [];
    let end = 0;
    for (const { rows, stride } of buffers) {
      addresses.push(end);
      end += Math.ceil((4 * count(rows, beams) * stride) / 64) * 64;
    }
    const scratch = end;
    const products = operations.map(({ name, output, depth }) =>
      name === "multiply" ? scratchOf(count(output.rows, beams), depth) : 0,
    );
    end += Math.max(0, ...products) + slack;
    if (end > this.#arenaBytes) {
      // A search begins with one beam and soon has all, so extra room avoids a new layout for each number of beams.
      this.#arenaBytes = buffers.some(({ rows }) => rows === "beams") ? 2 * end : end;
      this.#arena = this.#module.allocate(this.#arenaBytes);
    }
    this.#addresses = addresses.map((address) => this.#arena + address);
    for (const [at, { data }] of buffers.entries())
      if (data !== undefined) this.#module.write(this.#addresses[at]!, data);
    const words = new Uint32Array(fields * operations.length);
    for (const [at, { left, right = left, output, depth }] of operations.entries()) {
      const weights = this.#weights[at];
      const places = [left, right, output].flatMap((matrix) => [this.#addressOf(matrix), matrix.stride]);
      const sizes = [count(output.rows, beams), output.columns, depth];
      words.set([...places, ...sizes, weights?.address ?? 0, weights?.scales ?? 0, this.#arena + scratch], fields * at);
    }
    this.#module.write(this.#structures, words);
    this.#beams = beams;
  }
}

/** A number of rows in a run. */
export function count(rows: Rows, beams: number): number {
  return rows === "beams" ? beams : rows;
}

/** Bytes that a product works in: its input and, of many rows, where zeros are not, and weights in float32. */
function scratchOf(rows: number, depth: number): number {
  const input = rows * depth;
  return 4 * (rows < manyRows ? input : 2 * input + rows + wideColumns * depth);
}

function callName(name: DecoderOperation["name"], kind: DenseWeights["kind"] | undefined): OperationName {
  if (name === "multiply") return `product_of_${kind!}`;
  return name === "pick" ? `pick_${kind!}` : name;
}

/** Copies rows without gaps into a matrix. */
function write(memory: Float32Array, at: number, { columns, stride }: Matrix, data: Float32Array): void {
  if (columns === stride) memory.set(data, at);
  else
    for (let from = 0, to = at; from < data.length; from += columns, to += stride)
      memory.set(data.subarray(from, from + columns), to);
}

/** Copies a matrix to rows without gaps. */
function read(memory: Float32Array, at: number, { rows, columns, stride }: DecoderPort["matrix"], beams: number) {
  const total = count(rows, beams);
  if (columns === stride) return memory.slice(at, at + total * columns);
  const data = new Float32Array(total * columns);
  for (let row = 0; row < total; row++) {
    data.set(memory.subarray(at + row * stride, at + row * stride + columns), row * columns);
  }
  return data;
}
