import { type OnnxGraph, type OnnxNode, type OnnxTensor, readOnnx } from "./onnx_reader.ts";
import type { Plan, Step, Stored, Window } from "./plan.ts";
import { expectOnly, nameOf, refuse, types } from "./refuse.ts";

/** Channels of an image must be a multiple of what the kernels read at once; the picture has up to four. */
const channelMultiple = 16;
const pictureChannels = 4;

/** The meaning of a graph's value. */
type Value =
  | { readonly kind: "pixels"; readonly means: readonly number[]; readonly planes: boolean }
  | { readonly kind: "constant"; readonly tensor: OnnxTensor }
  | { readonly kind: "weights"; readonly tensor: OnnxTensor; readonly scales: Float32Array; readonly axis: number }
  /** An image in 8 bits, or as the float32 that it stands for. */
  | { readonly kind: "stored" | "image"; readonly image: Stored }
  /** A result that is not rounded to 8 bits yet. */
  | { readonly kind: "result"; readonly size: number; readonly channels: number; readonly step: Unfinished }
  | { readonly kind: "features"; readonly last: Plan["last"]; readonly relu: boolean; readonly planes: boolean };

/** A step without its output. */
type Unfinished = Step extends infer S ? (S extends Step ? Omit<S, "output"> : never) : never;

/**
 * Reads the plan of an 8-bit encoder: quantise and dequantise pairs (QDQ) around convolutions, additions of two images,
 * and maximum poolings, as `quantise()` of src/export/ writes them.
 *
 * @param bytes The `.onnx` file; the plan's weights are parts of it.
 * @throws {EdgecapError} `backend-unavailable` if the graph has another form, naming the operation.
 * @throws {Error} if the bytes are not an ONNX graph.
 */
export function readPlan(bytes: Uint8Array): Plan {
  return planOf(readOnnx(bytes));
}

/** The same for a graph that has been read from its file. */
export function planOf(graph: OnnxGraph): Plan {
  return new PlanReader(graph).plan();
}

class PlanReader {
  readonly #graph: OnnxGraph;
  readonly #values = new Map<string, Value>();
  readonly #steps: Step[] = [];
  #input: { readonly image: Stored; readonly means: readonly number[] } | undefined;
  #pictureRead = false;

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
    for (const [name, tensor] of graph.constants) this.#values.set(name, { kind: "constant", tensor });
  }

  plan(): Plan {
    const { inputs, outputs, nodes } = this.#graph;
    const [input, output] = [inputs[0], outputs[0]];
    if (input === undefined || output === undefined || inputs.length + outputs.length !== 2)
      refuse(`it has ${inputs.length} inputs and ${outputs.length} outputs, instead of one each`);
    const [, size = 0, width = 0, channels = 0] = input.shape.map(Number);
    if (input.type !== types.float32 || input.shape.length !== 4 || !(size > 0) || size !== width || !(channels > 0))
      refuse(`its input "${input.name}" is not a square picture of float32, but [${input.shape.join(", ")}]`);
    if (channels > pictureChannels) refuse(`its input "${input.name}" has ${channels} channels, more than four`);
    this.#values.set(input.name, { kind: "pixels", means: [0, 0, 0, 0], planes: false });
    for (const node of nodes) this.#read(node, size, channels);
    const result = this.#values.get(output.name);
    if (result?.kind !== "features" || result.planes || this.#input === undefined)
      refuse(`its output "${output.name}" is not the features of its last images, with the channels last`);
    const [last] = result.last;
    const shape = output.shape.slice(1).map(Number);
    if (shape.reduce((product, length) => product * length, 1) !== last.size ** 2 * last.channels)
      refuse(`its output "${output.name}" is [${output.shape.join(", ")}]`);
    const { image, means } = this.#input;
    if (result.last.some((other) => other === image)) refuse(`its output "${output.name}" is the picture`);
    const { last: images, relu } = result;
    const ports = {
      input: { name: input.name, shape: [size, size, channels] },
      output: { name: output.name, shape },
    };
    return { input: image, means, steps: this.#steps, last: images, relu, ports };
  }

  #read(node: OnnxNode, size: number, channels: number): void {
    const [output = "", more] = node.outputs;
    const read = node.domain === "" ? readers[node.op] : undefined;
    if (read === undefined || more !== undefined) refuse(`it has the operation ${nameOf(node)}`);
    if (this.#values.has(output)) refuse(`${nameOf(node)} computes a value that is already there`);
    this.#values.set(output, read(node, this, size, channels));
  }

  /** The value that an operation reads as its input of this number. */
  value<K extends Value["kind"]>(node: OnnxNode, at: number, ...kinds: K[]): Value & { readonly kind: K } {
    const found = this.#values.get(node.inputs[at] ?? "");
    if (found === undefined || !kinds.includes(found.kind as K))
      refuse(`${nameOf(node)} reads ${found?.kind ?? "nothing"} as its input ${at}, instead of ${kinds.join(" or ")}`);
    return found as Value & { readonly kind: K };
  }

  /** The numbers of a constant. */
  constant(node: OnnxNode, at: number, type: number): Float32Array | Uint8Array | Int8Array | Int32Array {
    return numbersOf(node, this.value(node, at, "constant").tensor, type);
  }

  /** Scale and zero point of an image in 8 bits. */
  affine(node: OnnxNode): { scale: number; zero: number } {
    const [scales, zeros] = [this.constant(node, 1, types.float32), this.constant(node, 2, types.uint8)];
    const [scale = 0, zero = 0] = [scales[0], zeros[0]];
    if (scales.length !== 1 || zeros.length !== 1 || !(scale > 0) || !Number.isFinite(scale))
      refuse(`${nameOf(node)} has the scales ${scales.slice(0, 4).join(", ")}, instead of one above 0`);
    return { scale, zero };
  }

  /** Begins with the picture. */
  begin(node: OnnxNode, image: Stored, means: readonly number[]): Value {
    if (this.#input !== undefined) refuse(`${nameOf(node)} quantises the picture again`);
    this.#input = { image, means };
    return { kind: "stored", image };
  }

  /** Finishes an operation, whose result is stored in 8 bits. */
  finish(result: Value & { readonly kind: "result" }, output: Stored): Value {
    this.#steps.push({ ...result.step, output } as Step);
    return { kind: "stored", image: output };
  }

  /** The image that an operation reads, other than the picture unless `pictureToo`. */
  image(node: OnnxNode, at: number, pictureToo = false): Stored {
    const { image } = this.value(node, at, "image");
    if (image !== this.#input?.image) return image;
    if (!pictureToo || this.#pictureRead) refuse(`${nameOf(node)} reads the picture, which only one convolution may`);
    this.#pictureRead = true;
    return image;
  }
}

type Reader = (node: OnnxNode, plan: PlanReader, size: number, channels: number) => Value;

const readers: Readonly<Record<string, Reader>> = {
  Sub: (node, plan, _, channels) => {
    const pixels = plan.value(node, 0, "pixels");
    const means = [...plan.constant(node, 1, types.float32)];
    if (pixels.planes || pixels.means.some((mean) => mean !== 0) || ![1, channels].includes(means.length))
      refuse(`${nameOf(node)} subtracts ${means.length} numbers from the picture`);
    const each = means.length === 1 ? Array<number>(channels).fill(means[0]!) : means;
    return { ...pixels, means: [...each, 0, 0, 0].slice(0, pictureChannels) };
  },

  Transpose: (node, plan) => {
    expectOnly(node, { perm: undefined });
    const perm = String(node.attributes.get("perm"));
    const value = plan.value(node, 0, "pixels", "image", "result", "features");
    if (value.kind === "pixels" && !value.planes && perm === "0,3,1,2") return { ...value, planes: true };
    if (value.kind === "pixels" || perm !== "0,2,3,1") refuse(`${nameOf(node)} has the order ${perm}`);
    const features = featuresOf(node, value);
    if (!features.planes) refuse(`${nameOf(node)} moves the channels twice`);
    return { ...features, planes: false };
  },

  QuantizeLinear: (node, plan, size, channels) => {
    expectOnly(node, { axis: undefined });
    const value = plan.value(node, 0, "pixels", "result");
    const stored = { name: node.outputs[0]!, ...plan.affine(node) };
    if (value.kind === "result") return plan.finish(value, { ...stored, size: value.size, channels: value.channels });
    if (!value.planes) refuse(`${nameOf(node)} quantises the picture before its channels come first`);
    return plan.begin(node, { ...stored, size, channels }, value.means);
  },

  DequantizeLinear: (node, plan) => {
    expectOnly(node, { axis: undefined });
    const value = plan.value(node, 0, "stored", "constant");
    if (value.kind === "stored") {
      const { scale, zero } = plan.affine(node);
      if (scale !== value.image.scale || zero !== value.image.zero)
        refuse(`${nameOf(node)} reads "${value.image.name}" in another scale than it was stored in`);
      return { kind: "image", image: value.image };
    }
    const { tensor } = value;
    const scales = plan.constant(node, 1, types.float32) as Float32Array;
    if (scales.some((scale) => !(scale > 0) || !Number.isFinite(scale)))
      refuse(`${nameOf(node)} has a scale that is not above 0`);
    if (node.inputs.length > 2 && plan.constant(node, 2, tensor.type).some((zero) => zero !== 0))
      refuse(`${nameOf(node)} has weights with a zero point`);
    return { kind: "weights", tensor, scales, axis: Number(node.attributes.get("axis") ?? 1) };
  },

  Conv: (node, plan) => {
    const input = plan.image(node, 0, true);
    const { tensor, ...read } = plan.value(node, 1, "weights");
    const weights = numbersOf(node, tensor, types.int8) as Int8Array;
    const [channels = 0, inputs = 0, kernel = 0, width = 0] = tensor.shape;
    if (tensor.shape.length !== 4 || kernel !== width || kernel === 0 || inputs !== input.channels)
      refuse(`${nameOf(node)} has weights [${tensor.shape.join(", ")}] for ${input.channels} channels`);
    if (channels === 0 || channels % channelMultiple !== 0)
      refuse(`${nameOf(node)} has ${channels} output channels, which is not a multiple of ${channelMultiple}`);
    const window = windowOf(node, kernel);
    const size = sizeOf(node, input.size, window);
    const weightScales = scalesOf(node, read, channels);
    const biases = biasesOf(node, plan, input, weightScales);
    // Sums have 32 bits.
    const largest = biases.reduce((most, bias) => Math.max(most, Math.abs(bias)), 0);
    if (largest + 2 * 255 * 128 * inputs * kernel ** 2 >= 2 ** 31)
      refuse(`${nameOf(node)} has sums that may exceed 32 bits: bias ${largest}, ${inputs * kernel ** 2} products`);
    return {
      kind: "result",
      ...{ size, channels },
      step: { kind: "convolution", input, ...window, weights, biases, weightScales },
    };
  },

  MaxPool: (node, plan) => {
    const input = plan.image(node, 0);
    const [kernel = 0, width = 0] = listOf(node, "kernel_shape", [0, 0]);
    if (kernel === 0 || kernel !== width) refuse(`${nameOf(node)} has the kernel ${kernel} x ${width}`);
    const window = windowOf(node, kernel);
    if (window.pad >= kernel) refuse(`${nameOf(node)} has ${window.pad} pixels around the image`);
    const size = sizeOf(node, input.size, window);
    return { kind: "result", size, channels: input.channels, step: { kind: "pool", input, ...window } };
  },

  Add: (node, plan) => {
    expectOnly(node, {});
    const [left, right] = [plan.image(node, 0), plan.image(node, 1)];
    const { size, channels } = left;
    if (size !== right.size || channels !== right.channels)
      refuse(
        `${nameOf(node)} adds images of ${size} and ${right.size} pixels, ${channels} and ${right.channels} channels`,
      );
    return { kind: "result", size, channels, step: { kind: "addition", left, right } };
  },

  Relu: (node, plan) => {
    expectOnly(node, {});
    return { ...featuresOf(node, plan.value(node, 0, "image", "result", "features")), relu: true };
  },

  Reshape: (node, plan) => {
    expectOnly(node, { allowzero: 0 });
    const features = plan.value(node, 0, "features");
    const { tensor } = plan.value(node, 1, "constant");
    const [pictures] = tensor.type === types.int64 ? new BigInt64Array(tensor.bytes.slice().buffer) : [];
    // The lengths that follow are compared with the output's.
    if (features.planes || (pictures !== 0n && pictures !== -1n))
      refuse(`${nameOf(node)} does not keep the pictures apart, or has the channels first`);
    return features;
  },
};

/** The features that an image or an addition is, if the graph ends there. */
function featuresOf(
  node: OnnxNode,
  value: Value & { readonly kind: "image" | "result" | "features" },
): Value & { readonly kind: "features" } {
  if (value.kind === "features") return value;
  if (value.kind === "image") return { kind: "features", last: [value.image], relu: false, planes: true };
  if (value.step.kind !== "addition") refuse(`${nameOf(node)} reads a result that is not stored in 8 bits`);
  return { kind: "features", last: [value.step.left, value.step.right], relu: false, planes: true };
}

function scalesOf(node: OnnxNode, read: { scales: Float32Array; axis: number }, channels: number): Float32Array {
  const { scales, axis } = read;
  if (scales.length === 1) return new Float32Array(channels).fill(scales[0]!);
  if (scales.length !== channels || axis !== 0)
    refuse(`${nameOf(node)} has ${scales.length} scales of weights along axis ${axis} for ${channels} channels`);
  return scales;
}

/** A convolution's biases, whose scale must be that of its sums. */
function biasesOf(node: OnnxNode, plan: PlanReader, input: Stored, scales: Float32Array): Int32Array {
  if (node.inputs.length < 3 || node.inputs[2] === "") return new Int32Array(scales.length);
  const { tensor, ...read } = plan.value(node, 2, "weights");
  const biases = numbersOf(node, tensor, types.int32) as Int32Array;
  const own = scalesOf(node, read, scales.length);
  if (
    biases.length !== scales.length ||
    own.some((scale, i) => Math.abs(scale / (input.scale * scales[i]!) - 1) > 1e-5)
  )
    refuse(`${nameOf(node)} has biases in another scale than its sums`);
  return biases;
}

function numbersOf(node: OnnxNode, { type, shape, bytes }: OnnxTensor, wanted: number) {
  const kind = { 1: Float32Array, 2: Uint8Array, 3: Int8Array, 6: Int32Array }[wanted]!;
  const length = shape.reduce((product, size) => product * size, 1);
  if (type !== wanted || bytes.length !== length * kind.BYTES_PER_ELEMENT)
    refuse(`${nameOf(node)} reads a constant of type ${type} with ${bytes.length} bytes for [${shape.join(", ")}]`);
  // Bytes may lie anywhere in the file; wider numbers need a place of their own.
  const { buffer, byteOffset } = kind.BYTES_PER_ELEMENT === 1 ? bytes : bytes.slice();
  return new kind(buffer as ArrayBuffer, byteOffset, length);
}

function windowOf(node: OnnxNode, kernel: number): Window {
  expectOnly(node, {
    ...{ auto_pad: "NOTSET", group: 1, dilations: "1,1", ceil_mode: 0, storage_order: 0 },
    ...{ kernel_shape: `${kernel},${kernel}`, strides: undefined, pads: undefined },
  });
  const strides = listOf(node, "strides", [1, 1]);
  const pads = listOf(node, "pads", [0, 0, 0, 0]);
  const [stride = 0, pad = -1] = [strides[0], pads[0]];
  if (strides.some((other) => other !== stride) || stride < 1 || pads.some((other) => other !== pad) || pad < 0)
    refuse(`${nameOf(node)} has the strides ${strides.join(", ")} and pads ${pads.join(", ")}`);
  return { kernel, stride, pad };
}

function sizeOf(node: OnnxNode, input: number, { kernel, stride, pad }: Window): number {
  const size = Math.floor((input + 2 * pad - kernel) / stride) + 1;
  if (size < 1) refuse(`${nameOf(node)} has a kernel of ${kernel} for ${input} pixels`);
  return size;
}

function listOf(node: OnnxNode, name: string, normal: readonly number[]): readonly number[] {
  const found = node.attributes.get(name);
  return Array.isArray(found) ? found : normal;
}
