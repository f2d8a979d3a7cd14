/** Runs a plan with one kernel: each image has its place in memory, which is used again after its last reader. */
import { bytesOf, type KernelModule, type KernelName, packWeights } from "./module.ts";
import type { ConvolutionStep, Plan, Stored } from "./plan.ts";

const { fround } = Math;

/** How the kernels are driven. */
export interface Tuning {
  /** Rows of a tile: 4, 5 or 6. */
  readonly height: number;
  /** Bytes of activations that meet all weights before the next do. */
  readonly blockBytes: number;
}

/** An operation that is laid out in memory. */
export interface LaidStep {
  readonly kind: "convolution" | "addition" | "pool";
  readonly step: Plan["steps"][number];
  readonly run: () => void;
}

/** Pixels of the first convolution: three channels and one that is 0, with the padding around them. */
const firstChannels = 4;

/** A plan in the memory of a module. */
export class Engine {
  readonly steps: readonly LaidStep[];
  readonly #plan: Plan;
  readonly #module: KernelModule;
  readonly #kernel: KernelName;
  readonly #places = new Map<string, number>();
  readonly #input: number;
  readonly #inputTable: Uint8Array;
  readonly #lastTables: readonly [Float32Array, Float32Array];

  /** Lays out the plan's weights and images. */
  constructor(plan: Plan, module: KernelModule, kernel: KernelName, tuning: Tuning) {
    this.#plan = plan;
    this.#module = module;
    this.#kernel = kernel;
    this.#inputTable = inputTable(plan);
    const toFloat = ({ scale, zero }: Stored) => Float32Array.from({ length: 256 }, (_, i) => (i - zero) * scale);
    this.#lastTables = [toFloat(plan.last[0]), toFloat(plan.last[1])];
    const side = plan.input.size + 6;
    // The padding holds the zero point from the start.
    this.#input = module.putActivations(kernel, new Uint8Array(side * side * firstChannels + 64).fill(plan.input.zero));
    this.#places.set(plan.input.name, this.#input);
    this.#placeImages();
    this.steps = plan.steps.map((step) => ({ kind: step.kind, step, run: this.#lay(step, tuning) }));
  }

  /**
   * The features of a picture.
   *
   * @param pixels RGB, row after row.
   */
  run(pixels: Uint8Array): Float32Array {
    this.setPixels(pixels);
    for (const { run } of this.steps) run();
    const [left, right] = this.#plan.last;
    const [a, b] = [this.image(left), this.image(right)];
    const [fromA, fromB] = this.#lastTables;
    const features = new Float32Array(a.length);
    for (let i = 0; i < features.length; i++) features[i] = Math.max(0, fromA[a[i]!]! + fromB[b[i]!]!);
    return features;
  }

  /** Stores a picture as the first convolution reads it. */
  setPixels(pixels: Uint8Array): void {
    const { size } = this.#plan.input;
    const target = this.#view(this.#input, (size + 6) ** 2 * firstChannels);
    const table = this.#inputTable;
    for (let row = 0, from = 0; row < size; row++) {
      let to = ((row + 3) * (size + 6) + 3) * firstChannels;
      for (let column = 0; column < size; column++, from += 3, to += firstChannels) {
        target[to] = table[pixels[from]!]!;
        target[to + 1] = table[256 + pixels[from + 1]!]!;
        target[to + 2] = table[512 + pixels[from + 2]!]!;
      }
    }
  }

  /** An image's numbers, until another takes its place. */
  image({ name, size, channels }: Stored): Uint8Array | Uint16Array {
    return this.#view(this.#places.get(name)!, size * size * channels);
  }

  #view(address: number, length: number): Uint8Array | Uint16Array {
    const { buffer } = this.#module.exports.memory;
    return bytesOf(this.#kernel) === 2
      ? new Uint16Array(buffer, address, length)
      : new Uint8Array(buffer, address, length);
  }

  #placeImages(): void {
    const readsOf = (step: Plan["steps"][number]) =>
      step.kind === "addition" ? [step.left, step.right] : [step.input];
    const { steps, last } = this.#plan;
    const lastRead = new Map<string, number>();
    for (const [at, step] of steps.entries()) for (const { name } of readsOf(step)) lastRead.set(name, at);
    for (const { name } of last) lastRead.set(name, steps.length);
    const free: { address: number; bytes: number }[] = [];
    const held = new Map<string, { address: number; bytes: number }>();
    for (const [at, step] of steps.entries()) {
      const { name, size, channels } = step.output;
      const bytes = size * size * channels * bytesOf(this.#kernel);
      const fits = free.filter((place) => place.bytes >= bytes).sort((a, b) => a.bytes - b.bytes)[0];
      if (fits !== undefined) free.splice(free.indexOf(fits), 1);
      const place = fits ?? { address: this.#module.allocate(bytes), bytes };
      held.set(name, place);
      this.#places.set(name, place.address);
      for (const read of readsOf(step)) {
        const done = held.get(read.name);
        if (done !== undefined && lastRead.get(read.name) === at) {
          held.delete(read.name);
          free.push(done);
        }
      }
    }
  }

  #lay(step: Plan["steps"][number], tuning: Tuning): () => void {
    const { exports } = this.#module;
    const output = this.#places.get(step.output.name)!;
    if (step.kind === "convolution") return this.#layConvolution(step, output, tuning);
    if (step.kind === "pool") {
      const sources = this.#module.put(this.#sources(step.input, step.output.size, 3, 2, 1));
      const bytes = step.input.channels * bytesOf(this.#kernel);
      return () => exports.max_pool(sources, step.output.size ** 2, 9, bytes, output);
    }
    const { left, right } = step;
    // The order and rounding of onnxruntime's own addition, so that results agree.
    const [ratioA, ratioB] = [fround(left.scale / step.output.scale), fround(right.scale / step.output.scale)];
    const shift = fround(step.output.zero - fround(fround(ratioA * left.zero) + fround(ratioB * right.zero)));
    const words = new DataView(new ArrayBuffer(32));
    const places = [this.#places.get(right.name)!, this.#places.get(left.name)!, output];
    for (const [at, word] of [...places, step.output.size ** 2 * step.output.channels].entries()) {
      words.setUint32(4 * at, word, true);
    }
    for (const [at, factor] of [ratioB, ratioA, shift].entries()) words.setFloat32(16 + 4 * at, factor, true);
    const address = this.#module.put(new Uint8Array(words.buffer));
    const add = bytesOf(this.#kernel) === 2 ? exports.add_words : exports.add_bytes;
    return () => add(address);
  }

  #layConvolution(step: ConvolutionStep, output: number, { height, blockBytes }: Tuning): () => void {
    const first = step.input === this.#plan.input;
    const channels = step.output.channels;
    const weights = first ? firstWeights(step) : tapByTap(step);
    const depth = weights.length / channels;
    const taps = first ? step.kernel : step.kernel ** 2;
    const tapBytes = (depth / taps) * bytesOf(this.#kernel);
    const scales = step.weightScales.map((scale) => fround(fround(step.input.scale * scale) / step.output.scale));
    const biases = step.biases.map((bias, channel) => {
      const own = step.weights.subarray(
        (channel * step.weights.length) / channels,
        ((channel + 1) * step.weights.length) / channels,
      );
      return bias - step.input.zero * own.reduce((sum, weight) => sum + weight, 0);
    });
    const sources = first
      ? firstSources(this.#input, step, bytesOf(this.#kernel))
      : this.#sources(step.input, step.output.size, step.kernel, step.stride, step.pad);
    const pixelBytes = step.input.channels * bytesOf(this.#kernel);
    return this.#module.convolution(this.#kernel, height, {
      sources: this.#module.put(sources),
      rows: step.output.size ** 2,
      ...{ taps, tapBytes, channels, output },
      weights: this.#module.put(packWeights(this.#kernel, weights, channels, depth)),
      biases: this.#module.put(biases),
      scales: this.#module.put(scales),
      zero: step.output.zero,
      block: Math.max(1, Math.round(blockBytes / Math.max(pixelBytes, 64) / height)) * height,
    });
  }

  /** Where each tap of each output pixel lies; outside the image, in pixels that hold the zero point. */
  #sources(input: Stored, size: number, kernel: number, stride: number, pad: number): Uint32Array {
    const pixel = input.channels * bytesOf(this.#kernel);
    const start = this.#places.get(input.name)!;
    const outside =
      pad === 0 ? 0 : this.#module.putActivations(this.#kernel, new Uint8Array(input.channels).fill(input.zero));
    const sources = new Uint32Array(size * size * kernel * kernel);
    let at = 0;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        for (let tap = 0; tap < kernel * kernel; tap++) {
          const row = y * stride + Math.floor(tap / kernel) - pad;
          const column = x * stride + (tap % kernel) - pad;
          const inside = row >= 0 && row < input.size && column >= 0 && column < input.size;
          sources[at++] = inside ? start + (row * input.size + column) * pixel : outside;
        }
      }
    }
    return sources;
  }
}

/** What the graph makes of each byte of each channel before the first convolution. */
function inputTable({ input: { scale, zero }, means }: Plan): Uint8Array {
  return Uint8Array.from({ length: 768 }, (_, i) => {
    const value = fround(fround((i & 255) - means[i >> 8]!) / scale);
    const floor = Math.floor(value);
    const up = value - floor > 0.5 || (value - floor === 0.5 && floor % 2 !== 0);
    return Math.min(255, Math.max(0, floor + (up ? 1 : 0) + zero));
  });
}

/** The weights with the channels of a tap side by side, as an image has them. */
function tapByTap({ weights, input: { channels }, output, kernel }: ConvolutionStep): Int8Array {
  const taps = kernel ** 2;
  const result = new Int8Array(weights.length);
  for (let n = 0; n < output.channels; n++) {
    for (let c = 0; c < channels; c++) {
      for (let tap = 0; tap < taps; tap++) {
        result[(n * taps + tap) * channels + c] = weights[(n * channels + c) * taps + tap]!;
      }
    }
  }
  return result;
}

/** The first convolution takes a row of its kernel as one tap: seven pixels of three channels, filled up to 32. */
function firstWeights({ weights, output, kernel }: ConvolutionStep): Int8Array {
  const result = new Int8Array(output.channels * kernel * 8 * firstChannels);
  for (let n = 0; n < output.channels; n++) {
    for (let c = 0; c < 3; c++) {
      for (let row = 0; row < kernel; row++) {
        for (let column = 0; column < kernel; column++) {
          const to = ((n * kernel + row) * 8 + column) * firstChannels + c;
          result[to] = weights[((n * 3 + c) * kernel + row) * kernel + column]!;
        }
      }
    }
  }
  return result;
}

function firstSources(start: number, { output, input, kernel, stride }: ConvolutionStep, bytes: number): Uint32Array {
  const side = input.size + 6;
  const sources = new Uint32Array(output.size ** 2 * kernel);
  let at = 0;
  for (let y = 0; y < output.size; y++) {
    for (let x = 0; x < output.size; x++) {
      for (let row = 0; row < kernel; row++) {
        sources[at++] = start + ((y * stride + row) * side + x * stride) * firstChannels * bytes;
      }
    }
  }
  return sources;
}
