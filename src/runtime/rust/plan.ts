/** The computation of an 8-bit encoder: a list of integer operations on images. */

/** An image between two operations: what it is called, and what its numbers mean. */
export interface Stored {
  readonly name: string;
  /** Rows and columns. */
  readonly size: number;
  readonly channels: number;
  readonly scale: number;
  readonly zero: number;
}

/** Rows and columns of a kernel, its step, and the pixels around the image. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

/** A convolution of the plan. */
export interface ConvolutionStep extends Window {
  readonly kind: "convolution";
  readonly input: Stored;
  readonly output: Stored;
  /** `[output channel][input channel][row][column]`, as ONNX has them. */
  readonly weights: Int8Array;
  readonly biases: Int32Array;
  /** A scale per output channel. */
  readonly weightScales: Float32Array;
}

/** The sum of two images, rounded to the scale of a third. */
export interface AdditionStep {
  readonly kind: "addition";
  readonly left: Stored;
  readonly right: Stored;
  readonly output: Stored;
}

/** The largest of each window's pixels. */
export interface PoolStep extends Window {
  readonly kind: "pool";
  readonly input: Stored;
  readonly output: Stored;
}

/** An operation. */
export type Step = ConvolutionStep | AdditionStep | PoolStep;

/** The computation of the encoder. */
export interface Plan {
  /** The picture in 8 bits. */
  readonly input: Stored;
  /** Subtracted from the channels of a pixel. */
  readonly means: readonly number[];
  readonly steps: readonly Step[];
  /** The image whose numbers are the features, or the two that are added. */
  readonly last: readonly [Stored] | readonly [Stored, Stored];
  /** Whether features below 0 become 0. */
  readonly relu: boolean;
  /** Name and lengths of the graph's input and output, without the first length, the number of pictures. */
  readonly ports: Readonly<Record<"input" | "output", { readonly name: string; readonly shape: readonly number[] }>>;
}

/** The images that an operation reads. */
export function readsOf(step: Step): readonly Stored[] {
  return step.kind === "addition" ? [step.left, step.right] : [step.input];
}
