/** The kernels' two WebAssembly modules, and how weights lie in their memory. */

/** A kernel by the name that its exports begin with; lib.rs describes each. */
export type KernelName = "dot16" | "split" | "direct";

/** Output channels that the kernels compute together. */
const columns = 8;

/** Bytes of one activation. */
export function bytesOf(kernel: KernelName): 1 | 2 {
  return kernel === "dot16" ? 2 : 1;
}

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

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base: WebAssembly.Global;
  readonly add_words: (addition: number) => void;
  readonly add_bytes: (addition: number) => void;
  readonly max_pool: (sources: number, rows: number, taps: number, tapBytes: number, output: number) => void;
  readonly takes_eight_bits?: (weight: number, activation: number) => number;
}

/** An instance of one of the modules, with memory that is given out once and never taken back. */
export class KernelModule {
  readonly exports: Exports;
  readonly #convolutions: Readonly<Record<string, (convolution: number) => void>>;
  #free: number;

  /** @param bytes `dot16.wasm` or `relaxed.wasm`. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
    this.exports = exports as unknown as Exports;
    this.#convolutions = exports as unknown as Record<string, (convolution: number) => void>;
    this.#free = this.exports.__heap_base.value as number;
  }

  /** The kernels that are exact on this machine. */
  get kernels(): KernelName[] {
    const probe = this.exports.takes_eight_bits;
    if (probe === undefined) return ["dot16"];
    // The extremes show a signed second operand and sums of two that are cut off at 16 bits.
    const exact = [-128, -127, 127].every((weight) =>
      [128, 255].every((activation) => probe(weight, activation) === 1),
    );
    return exact ? ["dot16", "split", "direct"] : ["dot16", "split"];
  }

  /** Sets memory aside, and returns its address, a multiple of 64. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#free / 64) * 64;
    this.#free = address + bytes;
    const missing = this.#free - this.exports.memory.buffer.byteLength;
    if (missing > 0) this.exports.memory.grow(Math.ceil(missing / 65536));
    return address;
  }

  /** Copies numbers into new memory. */
  put(data: Uint8Array | Int8Array | Int16Array | Int32Array | Uint32Array | Float32Array): number {
    const address = this.allocate(data.byteLength);
    this.bytes(address, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return address;
  }

  /** The memory at an address, until more is set aside. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address, length);
  }

  /** Activations as the kernel reads them. */
  putActivations(kernel: KernelName, data: Uint8Array): number {
    return this.put(bytesOf(kernel) === 2 ? Int16Array.from(data) : data);
  }

  /** Lays out a convolution, and returns the call that runs it. */
  convolution(kernel: KernelName, height: number, fields: Convolution): () => void {
    const { sources, rows, taps, tapBytes, channels, weights, biases, scales, zero, output, block } = fields;
    if (tapBytes % 16 !== 0) throw new RangeError(`A tap holds ${tapBytes} bytes: give a multiple of 16.`);
    if (channels % columns !== 0) throw new RangeError(`${channels} channels are no multiple of ${columns}.`);
    const words = [sources, rows, taps, tapBytes, channels, weights, biases, scales, zero, output, block];
    const address = this.put(Int32Array.from(words));
    const run = this.#convolutions[`${kernel}_${height}`]!;
    return () => run(address);
  }
}

/**
 * Packs weights as a kernel reads them.
 *
 * @param weights Channel after channel, each with `depth` weights: tap after tap, as the activations lie.
 */
export function packWeights(kernel: KernelName, weights: Int8Array, channels: number, depth: number) {
  // Weights that meet the four bytes of activations of one step.
  const step = 4 / bytesOf(kernel);
  const packed = kernel === "dot16" ? new Int16Array(weights.length) : new Int8Array(weights.length);
  let at = 0;
  for (let panel = 0; panel < channels; panel += columns) {
    for (let k = 0; k < depth; k += step) {
      for (let column = 0; column < columns; column++) {
        for (let i = 0; i < step; i++) packed[at++] = weights[(panel + column) * depth + k + i]!;
      }
    }
  }
  return packed;
}
