import { bytesOf, type KernelModule, type KernelName, packingOf } from "./kernel_module.ts";
import { placeImages } from "./place_images.ts";
import type { AdditionStep, ConvolutionStep, Plan, PoolStep, Step, Stored, Window } from "./plan.ts";

const { fround } = Math;

/** How the kernels are driven. */
export interface Tuning {
  /** Rows of a tile: 4, 5 or 6. */
  readonly height: number;
  /** Bytes of activations that are multiplied by all weights before the next ones are. */
  readonly blockBytes: number;
}

/** The fastest on the machine that docs/engine_measurement.md describes. */
export const standardTuning: Tuning = { height: 5, blockBytes: 16384 };

/** An operation that is laid out in memory. */
export interface LaidStep {
  readonly kind: Step["kind"];
  /** Name of the image that it computes. */
  readonly output: string;
  readonly run: () => void;
}

/** Numbers of a pixel of the picture in memory: up to four channels. */
const pictureLanes = 4;
/** A tap of the picture holds a multiple of this many numbers, as the kernels read 16 bytes at once. */
const tapMultiple = 16;

/** A plan, laid out completely in the memory of a module. */
export class Int8Encoder {
  readonly steps: readonly LaidStep[];
  /** Lengths of the features. */
  readonly shape: readonly number[];
  readonly #module: KernelModule;
  readonly #kernel: KernelName;
  readonly #width: 1 | 2;
  readonly #ending: "words" | "bytes";
  readonly #offsets: ReadonlyMap<string, number>;
  /** The images' memory; before the first run, weights on their way to their packed form. */
  readonly #images: number;
  readonly #picture: number;
  /** Pixels around the picture. */
  readonly #pad: number;
  readonly #pixels: readonly [number: number, address: number];
  readonly #begin: () => void;
  readonly #end: () => Float32Array;

  /** Lays out the plan's weights and images, which takes some milliseconds; the plan is not needed afterwards. */
  constructor(plan: Plan, module: KernelModule, kernel: KernelName, tuning: Tuning = standardTuning) {
    this.#module = module;
    this.#kernel = kernel;
    this.#width = bytesOf(kernel);
    this.#ending = this.#width === 2 ? "words" : "bytes";
    this.shape = plan.ports.output.shape;
    const { offsets, bytes } = placeImages(plan, this.#width);
    this.#offsets = offsets;
    const weights = plan.steps.map((step) => (step.kind === "convolution" ? step.weights.length : 0));
    const { size, zero, channels } = plan.input;
    const pixels = size * size * channels;
    const { bytes: weightBytes } = packingOf(kernel);
    module.reserve(bytes + weights.reduce((sum, length) => sum + weightBytes * length, 0));
    this.#images = module.allocate(Math.max(bytes, 4 * pixels, ...weights));
    this.#pixels = [pixels, this.#images];
    const first = plan.steps.find((step) => step.kind === "convolution" && step.input === plan.input);
    this.#pad = (first as ConvolutionStep | undefined)?.pad ?? 0;
    // The padding has the zero point from the start. The last taps read some numbers beyond the picture.
    const whole = (size + 2 * this.#pad) ** 2 * pictureLanes + tapMultiple * pictureLanes;
    this.#picture = module.putActivations(kernel, new Uint8Array(whole).fill(zero));
    this.steps = plan.steps.map((step) => ({
      kind: step.kind,
      output: step.output.name,
      run: this.#lay(step, plan.input, tuning),
    }));
    this.#begin = this.#layBegin(plan);
    this.#end = this.#layEnd(plan);
  }

  /**
   * The features of a picture.
   *
   * @param pixels Its channels, pixel after pixel.
   */
  run(pixels: Float32Array): Float32Array {
    const [expected, address] = this.#pixels;
    if (pixels.length !== expected) throw new RangeError(`the picture has ${pixels.length} numbers, not ${expected}`);
    this.#module.write(address, pixels);
    this.#begin();
    for (const { run } of this.steps) run();
    return this.#end();
  }

  #addressOf({ name }: Stored): number {
    return this.#images + this.#offsets.get(name)!;
  }

  #layBegin({ input: { size, channels, scale, zero }, means }: Plan): () => void {
    const fields = [this.#images, this.#picture, size, channels, this.#pad, zero];
    const floats = [scale, ...means].map((float) => ({ float }));
    const structure = this.#module.putStructure([...fields, ...floats]);
    const quantise = this.#module.exports[`quantise_${this.#ending}`];
    return () => quantise(structure);
  }

  #layEnd({ last, relu }: Plan): () => Float32Array {
    const [left, right] = last;
    const length = left.size ** 2 * left.channels;
    const output = this.#module.allocate(4 * length);
    const structure = this.#module.putStructure([
      ...[this.#addressOf(left), right === undefined ? 0 : this.#addressOf(right), output, length],
      ...[left.zero, right?.zero ?? 0, { float: left.scale }, { float: right?.scale ?? 0 }],
      { float: relu ? 0 : Number.NEGATIVE_INFINITY },
    ]);
    const features = this.#module.exports[`features_of_${this.#ending}`];
    return () => {
      features(structure);
      return new Float32Array(this.#module.bytes(output, 4 * length).slice().buffer);
    };
  }

  #lay(step: Step, picture: Stored, tuning: Tuning): () => void {
    if (step.kind === "convolution") return this.#layConvolution(step, step.input === picture, tuning);
    return step.kind === "pool" ? this.#layPool(step) : this.#layAddition(step);
  }

  #layPool(step: PoolStep): () => void {
    const { input, output, kernel } = step;
    // Every number is at least 0, so padding with 0 changes nothing.
    const outside = this.#module.putActivations(this.#kernel, new Uint8Array(input.channels));
    const sources = this.#taps(step, output.size, outside);
    const address = this.#addressOf(output);
    const bytes = input.channels * this.#width;
    return () => this.#module.exports.max_pool(sources, output.size ** 2, kernel ** 2, bytes, address);
  }

  #layAddition({ left, right, output }: AdditionStep): () => void {
    const structure = this.#module.putStructure([
      ...[this.#addressOf(left), this.#addressOf(right), this.#addressOf(output), output.size ** 2 * output.channels],
      ...[left.zero, right.zero, output.zero],
      ...[left, right, output].map(({ scale }) => ({ float: scale })),
    ]);
    const add = this.#module.exports[`add_${this.#ending}`];
    return () => add(structure);
  }

  #layConvolution(step: ConvolutionStep, ofPicture: boolean, { height, blockBytes }: Tuning): () => void {
    const { input, output, kernel, weightScales } = step;
    const module = this.#module;
    // A row of the kernel is one tap of the picture, whose pixels lie side by side; elsewhere each pixel is a tap.
    const taps = ofPicture ? kernel : kernel ** 2;
    const pixels = ofPicture ? kernel : 1;
    const lanes = ofPicture ? pictureLanes : input.channels;
    const depth = Math.ceil((pixels * lanes) / tapMultiple) * tapMultiple;
    const { channels } = output;
    const biases = module.put(step.biases);
    const { bytes, pack } = packingOf(this.#kernel);
    const packed = module.allocate(channels * taps * depth * bytes);
    module.write(this.#images, step.weights);
    module.call(pack, [
      ...[this.#images, packed, biases, channels, input.channels, kernel ** 2, taps, pixels, lanes, depth, input.zero],
    ]);
    const outside = module.putActivations(this.#kernel, new Uint8Array(input.channels).fill(input.zero));
    const scales = weightScales.map((scale) => fround(fround(input.scale * scale) / output.scale));
    const pixelBytes = input.channels * this.#width;
    return module.convolution(this.#kernel, height, {
      sources: ofPicture ? this.#pictureTaps(step) : this.#taps(step, output.size, outside),
      rows: output.size ** 2,
      ...{ taps, tapBytes: depth * this.#width, channels, biases },
      weights: packed,
      scales: module.put(scales),
      zero: output.zero,
      output: this.#addressOf(output),
      block: Math.max(1, Math.round(blockBytes / Math.max(pixelBytes, 64) / height)) * height,
    });
  }

  /** The table of the addresses of a window's pixels. */
  #taps({ input, kernel, stride, pad }: Window & { readonly input: Stored }, size: number, outside: number): number {
    const table = this.#module.allocate(4 * size ** 2 * kernel ** 2);
    const [address, pixelBytes] = [this.#addressOf(input), input.channels * this.#width];
    this.#module.call("write_taps", [
      ...[table, address, outside, input.size, pixelBytes, size, kernel, kernel, stride, pad],
    ]);
    return table;
  }

  /** The same for the picture, whose padding is part of it. */
  #pictureTaps({ input, output, kernel, stride }: ConvolutionStep): number {
    const table = this.#module.allocate(4 * output.size ** 2 * kernel);
    const side = input.size + 2 * this.#pad;
    this.#module.call("write_taps", [
      ...[table, this.#picture, 0, side, pictureLanes * this.#width, output.size, kernel, 1, stride, 0],
    ]);
    return table;
  }
}
