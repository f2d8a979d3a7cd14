import fc from "fast-check";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { encodeModel, GraphBuilder, quantise, tensor, type Value, valuesToCalibrate } from "../../../src/export/mod.ts";

/** A layer of a random encoder. */
export interface Layer {
  readonly kind: "convolution" | "pool" | "residual";
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly channels: number;
  /** Whether its results below 0 become 0. */
  readonly relu: boolean;
}

/** What a random encoder is made of. */
export interface EncoderShape {
  readonly seed: number;
  readonly size: number;
  readonly channels: number;
  readonly layers: readonly Layer[];
  /** Whether the features are the sum of two images. */
  readonly sum: boolean;
}

const layer = fc
  .record({
    kind: fc.constantFrom<Layer["kind"]>("convolution", "convolution", "pool", "residual"),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 2 }),
    pad: fc.integer({ min: 0, max: 2 }),
    channels: fc.constantFrom(16, 32, 48),
    relu: fc.boolean(),
  })
  .map((drawn) => ({ ...drawn, pad: Math.min(drawn.pad, drawn.kernel - 1) }));

/** Shapes of encoders that the engine runs. */
export const encoderShapes: fc.Arbitrary<EncoderShape> = fc.record({
  seed: fc.nat(),
  size: fc.integer({ min: 5, max: 17 }),
  channels: fc.integer({ min: 1, max: 4 }),
  layers: fc.array(layer, { minLength: 0, maxLength: 5 }),
  sum: fc.boolean(),
});

/** The `.onnx` file of a random 8-bit encoder, with random ranges for its images. */
export function randomEncoder({ seed, size, channels, layers, sum }: EncoderShape): Uint8Array {
  const random = new SeededRandom(seed);
  const g = new GraphBuilder("random");
  const pixels = g.input("pixels", "float32", ["batch", size, size, channels]);
  const means = g.weight(
    "means",
    [channels],
    numbers(channels, () => 100 + 20 * random.normal()),
  );
  let image: Image = {
    value: g.node("Transpose", [g.node("Sub", [pixels, means])], { perm: [0, 3, 1, 2] }),
    ...{ size, channels },
  };
  const first: Layer = { kind: "convolution", kernel: 3, stride: 1, pad: 1, channels: 16, relu: true };
  image = addLayer(g, image, first, random);
  for (const next of layers) if (image.size + 2 * next.pad >= next.kernel) image = addLayer(g, image, next, random);
  const same: Layer = { kind: "convolution", kernel: 1, stride: 1, pad: 0, channels: image.channels, relu: false };
  let { value } = addLayer(g, image, same, random);
  if (sum) value = g.node("Relu", [g.node("Add", [value, image.value])]);
  else {
    // quantise() leaves what no operation reads in float32.
    const affine = [
      g.initializer("scale", tensor("float32", [], [0.3])),
      g.initializer("zero", tensor("uint8", [], [9])),
    ];
    value = g.node("DequantizeLinear", [g.node("QuantizeLinear", [value, ...affine]), ...affine]);
  }
  const last = g.node("Transpose", [value], { perm: [0, 2, 3, 1] });
  const lengths = [image.size ** 2, image.channels];
  g.output("grid", g.node("Reshape", [last, g.ints([-1, ...lengths])]), "float32", ["batch", ...lengths]);
  const relus = new Set(g.graph.nodes.filter(({ op }) => op === "Relu").map(({ outputs }) => outputs[0]!));
  const ranges = valuesToCalibrate(g.graph).map((name) => {
    const reach = 20 + 300 * random.next();
    return [name, { low: relus.has(name) ? 0 : -reach * random.next(), high: reach }] as const;
  });
  return encodeModel(quantise(g.graph, new Map(ranges)));
}

interface Image {
  readonly value: Value;
  readonly size: number;
  readonly channels: number;
}

const numbers = (length: number, draw: () => number) => Float32Array.from({ length }, draw);

function addLayer(g: GraphBuilder, image: Image, layer: Layer, random: SeededRandom): Image {
  const { kind, kernel, stride, pad, channels, relu } = layer;
  const window = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
  const size = Math.floor((image.size + 2 * pad - kernel) / stride) + 1;
  if (kind === "pool") return { ...image, value: g.node("MaxPool", [image.value], window), size };
  if (kind === "residual") {
    const square: Layer = { ...layer, kind: "convolution", kernel: 3, stride: 1, pad: 1, channels: image.channels };
    const other = addLayer(g, image, { ...square, relu: false }, random);
    const value = g.node("Add", [other.value, image.value]);
    return { ...image, value: relu ? g.node("Relu", [value]) : value };
  }
  const depth = image.channels * kernel ** 2;
  const weights = numbers(channels * depth, () => random.normal() / Math.sqrt(depth));
  const value = g.node(
    "Conv",
    [
      image.value,
      g.weight("kernel", [channels, image.channels, kernel, kernel], weights),
      g.weight(
        "bias",
        [channels],
        numbers(channels, () => 10 * random.normal()),
      ),
    ],
    { group: 1, dilations: [1, 1], ...window },
  );
  return { value: relu ? g.node("Relu", [value]) : value, size, channels };
}
