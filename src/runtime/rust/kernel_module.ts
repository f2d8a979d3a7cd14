/** The engine's two WebAssembly modules, built from crates/engine, and their memory. */
import type { DenseWeights, PlainOperation } from "./decoder_plan.ts";

/** A kernel by the name that its exports begin with; crates/engine/src/kernels.rs describes each. */
export type KernelName = "dot16" | "compact" | "split" | "direct";

/** An operation of a decoder. */
export type OperationName = PlainOperation | `${"product_of" | "pick"}_${DenseWeights["kind"]}`;

/** Output channels that the kernels compute together. */
const columns = 8;

/** Bytes of one activation. */
export function bytesOf(kernel: KernelName): 1 | 2 {
  return kernel === "dot16" || kernel === "compact" ? 2 : 1;
}

/** Bytes of one weight, and the function that packs them. */
export function packingOf(kernel: KernelName): { readonly bytes: 1 | 2; readonly pack: keyof Calls } {
  if (kernel === "dot16") return { bytes: 2, pack: "pack_words" };
  return { bytes: 1, pack: kernel === "compact" ? "pack_compact" : "pack_bytes" };
}

/** A number of a structure: an integer, or a float32 in an object. */
export type StructureField = number | { readonly float: number };

/** A convolution's fields in the order in which the module reads them, each four bytes. */
export interface Convolution {
  readonly sources: number;
  readonly rows: number;
  readonly taps: number;
  readonly tapBytes: number;
  readonly channels: number;
  readonly weights: number;
  readonly biases: number;
  readonly scales: number;
  readonly zero: number;
  readonly output: number;
  readonly block: number;
}

/** Functions that read a structure at an address. */
type Calls = Readonly<
  Record<
    | "add_words"
    | "add_bytes"
    | "pack_words"
    | "pack_compact"
    | "pack_bytes"
    | "write_taps"
    | "quantise_words"
    | "quantise_bytes"
    | "features_of_words"
    | "features_of_bytes",
    (structure: number) => void
  >
>;

interface Exports extends Calls {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base: WebAssembly.Global;
  readonly max_pool: (sources: number, rows: number, taps: number, tapBytes: number, output: number) => void;
  readonly takes_eight_bits?: (weight: number, activation: number) => number;
  readonly pack_dense_floats: PackDense;
  readonly pack_dense_halves: PackDense;
  readonly pack_dense_bytes: PackDense;
}

/** Packs weights; returns 0 if they cannot be packed. */
type PackDense = (weights: number, length: number, columns: number, packed: number) => number | undefined;

/** Memory grows by this many bytes or more. */
const growth = 2 ** 20;
const page = 65536;

/** An instance of one of the modules, with memory that is given out once, and freed with the instance. */
export class KernelModule {
  readonly exports: Exports;
  readonly #convolutions: Readonly<Record<string, (convolution: number) => void>>;
  #free: number;
  /** Place for a structure that is only needed during one call. */
  readonly #structure: number;

  /** @param module `dot16.wasm` or `relaxed.wasm`. */
  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, {});
    this.exports = exports as unknown as Exports;
    this.#convolutions = exports as unknown as Record<string, (convolution: number) => void>;
    this.#free = this.exports.__heap_base.value as number;
    this.#structure = this.allocate(64);
  }

  /** The kernels that are exact on this machine. */
  get kernels(): KernelName[] {
    const probe = this.exports.takes_eight_bits;
    if (probe === undefined) return ["dot16", "compact"];
    // The extremes reveal a second operand that is read as signed, and sums of two products that saturate at 16 bits.
    const exact = [-128, -127, 127].every((weight) =>
      [128, 255].every((activation) => probe(weight, activation) === 1),
    );
    return exact ? ["dot16", "compact", "split", "direct"] : ["dot16", "compact", "split"];
  }

  /**
   * Allocates memory, and returns its address, a multiple of 64.
   *
   * @throws {RangeError} if there is not enough memory.
   */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#free / 64) * 64;
    this.#free = address + bytes;
    const { memory } = this.exports;
    const missing = this.#free - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(Math.max(missing, growth) / page));
    return address;
  }

  /** Sets memory up for this many more bytes, in one step: each step takes time. */
  reserve(bytes: number): void {
    const { memory } = this.exports;
    const missing = this.#free + bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / page));
  }

  /** Copies numbers into new memory. */
  put(data: Uint8Array | Int8Array | Int16Array | Int32Array | Uint32Array | Float32Array): number {
    const address = this.allocate(data.byteLength);
    this.write(address, data);
    return address;
  }

  /** Copies numbers to an address. */
  write(address: number, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.bytes(address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** The memory at an address; valid until more is allocated. */
  bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.exports.memory.buffer as ArrayBuffer, address, length);
  }

  /** Activations as the kernel reads them. */
  putActivations(kernel: KernelName, data: Uint8Array): number {
    return this.put(bytesOf(kernel) === 2 ? Int16Array.from(data) : data);
  }

  /** Writes a structure into new memory, as crates/engine/src/layout.rs declares it. */
  putStructure(fields: readonly StructureField[]): number {
    return this.put(structureOf(fields));
  }

  /** Calls a function with a structure that it only needs during the call. */
  call(name: keyof Calls, fields: readonly StructureField[]): void {
    this.write(this.#structure, structureOf(fields));
    this.exports[name](this.#structure);
  }

  /** The function that runs an operation of a decoder, which lies at the address that it is given. */
  operation(name: OperationName): (operation: number) => void {
    return (this.exports as unknown as Record<OperationName, (operation: number) => void>)[name];
  }

  /** Lays out a convolution, and returns the call that runs it. */
  convolution(kernel: KernelName, height: number, fields: Convolution): () => void {
    const { sources, rows, taps, tapBytes, channels, weights, biases, scales, zero, output, block } = fields;
    if (tapBytes % 16 !== 0) throw new RangeError(`A tap holds ${tapBytes} bytes: give a multiple of 16.`);
    if (channels % columns !== 0) throw new RangeError(`${channels} channels are not a multiple of ${columns}.`);
    const words = [sources, rows, taps, tapBytes, channels, weights, biases, scales, zero, output, block];
    const address = this.putStructure(words);
    const run = this.#convolutions[`${kernel}_${height}`]!;
    return () => run(address);
  }
}

function structureOf(fields: readonly StructureField[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * fields.length));
  for (const [at, field] of fields.entries()) {
    if (typeof field === "number") view.setUint32(4 * at, field, true);
    else view.setFloat32(4 * at, field.float, true);
  }
  return new Uint8Array(view.buffer);
}
