import { abortable } from "../../async/abortable.ts";
import type { DecoderOperation, DecoderPlan, DenseWeights, Matrix } from "./decoder_plan.ts";
import { DenseDecoder } from "./dense_decoder.ts";
import { Int8Encoder } from "./int8_encoder.ts";
import { KernelModule, type KernelName } from "./kernel_module.ts";
import type { Plan, Stored } from "./plan.ts";

/** The modules that are best here. */
export interface Kernels {
  readonly encoder: WebAssembly.Module;
  /** The encoder's fastest kernel that is exact. */
  readonly kernel: KernelName;
  readonly decoder: WebAssembly.Module;
}

/** Graphs for one stage: the runtime interprets the first, so it is small; the second runs long enough to count. */
interface Stage {
  /** Rows and columns of the picture. */
  readonly size: number;
  readonly channels: number;
  /** Rows and columns of the decoder's weights. */
  readonly width: number;
  readonly runs: number;
}

const stages: readonly Stage[] = [
  { size: 5, channels: 16, width: 16, runs: 4 },
  { size: 8, channels: 64, width: 128, runs: 16 },
];
/** Time for the runtime's own threads between two runs, in milliseconds. */
const pause = 2;
/** Rows of products, which one, several and many rows compute in different ways: ten are two tiles of five. */
const rowCounts = [10, 1, 16];

/**
 * Runs the engine's kernels on a few numbers while the caller waits for something else. Runtimes begin with slow code,
 * Bun with an interpreter, and compile on another thread what runs often; this makes them begin before the first
 * picture comes. The results are not used.
 *
 * @param signal Ends the warming before the next run, which takes about a millisecond.
 * @returns Number of runs.
 */
export async function warmUp({ encoder, kernel, decoder }: Kernels, signal: AbortSignal): Promise<number> {
  let done = 0;
  const module = new KernelModule(encoder);
  const decoderModule = decoder === encoder ? module : new KernelModule(decoder);
  for (const { size, channels, width, runs } of stages) {
    if (signal.aborted) break;
    const encode = new Int8Encoder(smallEncoder(size, channels), module, kernel);
    const decode = new DenseDecoder(smallDecoder(width), decoderModule);
    const picture = new Float32Array(size * size * 3);
    // Products leave out zeros.
    const inputs = rowCounts.map((rows) => new Float32Array(rows * width).fill(1));
    for (let run = 0; run < runs && !signal.aborted; run++, done++) {
      encode.run(picture);
      for (const [at, rows] of rowCounts.entries()) decode.run([inputs[at]!], rows);
      // In a page that nobody sees, a timer may take a second or a minute, which must not delay what follows.
      const paused = new Promise((resolve) => setTimeout(resolve, pause));
      await abortable(paused, signal).catch(() => {});
    }
  }
  return done;
}

/** An encoder with one operation of each kind, and weights of zero. */
function smallEncoder(size: number, channels: number): Plan {
  const stored = (name: string, channels: number): Stored => ({ name, size, channels, scale: 1, zero: 0 });
  const input = stored("picture", 3);
  const [first, pooled, second, sum] = ["first", "pooled", "second", "sum"].map((name) => stored(name, channels)) as [
    ...[Stored, Stored, Stored, Stored],
  ];
  const window = { kernel: 3, stride: 1, pad: 1 };
  const convolution = (input: Stored, output: Stored) => ({
    ...({ kind: "convolution", input, output, ...window } as const),
    weights: new Int8Array(channels * input.channels * 9),
    biases: new Int32Array(channels),
    weightScales: new Float32Array(channels).fill(1),
  });
  return {
    input,
    means: [0, 0, 0, 0],
    steps: [
      convolution(input, first),
      { kind: "pool", input: first, output: pooled, ...window },
      convolution(pooled, second),
      { kind: "addition", left: pooled, right: second, output: sum },
    ],
    last: [pooled, sum],
    relu: true,
    ports: {
      input: { name: "picture", shape: [size, size, 3] },
      output: { name: "features", shape: [size, size, channels] },
    },
  };
}

/** A decoder with the operations that take most of the time, and weights of zero. */
function smallDecoder(width: number): DecoderPlan {
  const matrix = (buffer: number, rows: Matrix["rows"] = "beams"): Matrix => ({
    ...{ buffer, offset: 0, rows, columns: width, stride: width },
  });
  const [input, output, table] = [matrix(0), matrix(1), matrix(2, width)];
  const weights = (kind: DenseWeights["kind"], bytes: number): DenseWeights => ({
    ...{ kind, rows: width, columns: width, bytes: new Uint8Array(width * width * bytes) },
    ...(kind === "bytes" && { scales: new Float32Array(width) }),
  });
  const operation = (name: DecoderOperation["name"], more: Partial<DecoderOperation> = {}): DecoderOperation => ({
    ...{ name, left: input, output, depth: width, ...more },
  });
  return {
    buffers: [input, output, table].map(({ rows, stride }) => ({ rows, stride })),
    operations: [
      operation("multiply", { weights: weights("halves", 2) }),
      operation("multiply", { weights: weights("bytes", 1) }),
      operation("product_of_rows", { right: table }),
      operation("product", { right: table }),
      ...(["softmax", "sigmoid", "tangent"] as const).map((name) => operation(name)),
      ...(["times", "add"] as const).map((name) => operation(name, { right: input })),
    ],
    inputs: [{ name: "rows", shape: ["pictures", "beams", width], matrix: input }],
    outputs: [{ name: "result", shape: ["pictures", "beams", width], matrix: output }],
  };
}
