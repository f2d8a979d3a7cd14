import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";

type Apply = (x: tf.SymbolicTensor) => tf.SymbolicTensor;

const { layers } = tf;
const padding = fc.constantFrom("valid" as const, "same" as const);
const kernel = fc.integer({ min: 1, max: 3 });
const stride = fc.integer({ min: 1, max: 2 });
const units = fc.integer({ min: 1, max: 4 });

const activation = fc.constantFrom(
  ...(["elu", "gelu", "gelu_new", "hardSigmoid", "linear", "logSoftmax", "mish", "relu"] as const),
  ...(["relu6", "selu", "sigmoid", "softmax", "softplus", "softsign", "swish", "tanh"] as const),
);

/** tfjs's types lack some of its activations. */
type Activation = "relu";

function applied(layer: tf.layers.Layer): Apply {
  return (x) => layer.apply(x) as tf.SymbolicTensor;
}

/** A layer with a window, left out if the picture has become too small for it. */
function windowed(size: number, layer: tf.layers.Layer): Apply {
  return (x) => (Math.min(x.shape[1]!, x.shape[2]!) < size ? x : applied(layer)(x));
}

const onPictures: fc.Arbitrary<() => Apply> = fc.oneof(
  fc
    .record({ filters: units, kernelSize: kernel, strides: stride, padding, activation, useBias: fc.boolean() })
    .map((o) => () => windowed(o.kernelSize, layers.conv2d({ ...o, activation: o.activation as Activation }))),
  fc
    .record({ filters: units, kernelSize: kernel, dilationRate: fc.integer({ min: 2, max: 3 }) })
    .map((o) => () => applied(layers.conv2d({ ...o, padding: "same" }))),
  fc
    .record({ kernelSize: kernel, strides: stride, padding, depthMultiplier: fc.integer({ min: 1, max: 2 }) })
    .map((o) => () => windowed(o.kernelSize, layers.depthwiseConv2d(o))),
  fc.record({ poolSize: kernel, strides: stride, padding, average: fc.boolean() }).map(
    ({ average, ...o }) =>
      () =>
        windowed(o.poolSize, average ? layers.averagePooling2d(o) : layers.maxPooling2d(o)),
  ),
  fc.tuple(kernel, kernel).map(
    ([start, end]) =>
      () =>
        applied(
          layers.zeroPadding2d({
            padding: [
              [start, end],
              [end, start],
            ],
          }),
        ),
  ),
  fc.record({ scale: fc.boolean(), center: fc.boolean() }).map((o) => () => applied(layers.batchNormalization(o))),
  activation.map((name) => () => applied(layers.activation({ activation: name as Activation }))),
  fc.constant(() => applied(layers.prelu({ sharedAxes: [1, 2] }))),
  fc.constant(() => applied(layers.leakyReLU({ alpha: 0.2 }))),
  fc
    .constantFrom(1, 6, undefined)
    .map((maxValue) => () => applied(layers.reLU(maxValue === undefined ? {} : { maxValue }))),
  fc.constant(() => applied(layers.layerNormalization())),
  fc.constant(() => applied(layers.dropout({ rate: 0.5 }))),
  fc.constantFrom("add", "multiply", "average", "maximum", "minimum", "concatenate").map((kind) => () => joined(kind)),
);

/** A branch that is joined with its input again. */
function joined(kind: string): Apply {
  return (x) => {
    const branch = layers
      .conv2d({ filters: x.shape[3]!, kernelSize: 3, padding: "same" })
      .apply(x) as tf.SymbolicTensor;
    const both = [x, branch];
    switch (kind) {
      case "add":
        return layers.add().apply(both) as tf.SymbolicTensor;
      case "multiply":
        return layers.multiply().apply(both) as tf.SymbolicTensor;
      case "average":
        return layers.average().apply(both) as tf.SymbolicTensor;
      case "maximum":
        return layers.maximum().apply(both) as tf.SymbolicTensor;
      case "minimum":
        return layers.minimum().apply(both) as tf.SymbolicTensor;
      default:
        return layers.concatenate().apply(both) as tf.SymbolicTensor;
    }
  };
}

const head: fc.Arbitrary<() => Apply> = fc.oneof(
  fc.constant(() => applied(layers.globalAveragePooling2d({}))),
  fc.constant(() => applied(layers.globalMaxPooling2d({}))),
  fc.constant(() => applied(layers.flatten())),
  fc.constant(() => applied(layers.permute({ dims: [3, 1, 2] }))),
  fc.constant(() => (x: tf.SymbolicTensor) => applied(layers.reshape({ targetShape: [-1, x.shape[3]!] }))(x)),
  fc
    .record({ units, activation })
    .map((o) => () => applied(layers.dense({ ...o, activation: o.activation as Activation }))),
);

/** Models of one to five layers over a picture, with one of several endings. */
export const pictureModels: fc.Arbitrary<() => tf.LayersModel> = fc
  .record({
    shape: fc.tuple(fc.integer({ min: 3, max: 7 }), fc.integer({ min: 3, max: 7 }), units),
    body: fc.array(onPictures, { minLength: 1, maxLength: 5 }),
    end: head,
  })
  .map(({ shape, body, end }) => () => {
    const input = tf.input({ shape });
    const last = [...body, end].reduce((x, make) => make()(x), input);
    // tfjs cannot run a model whose output is its input.
    return tf.model({ inputs: input, outputs: last === input ? applied(layers.reLU({}))(input) : last });
  });

const recurrentOptions = fc.record({
  units,
  activation: fc.constantFrom("tanh", "relu", "elu", "softsign", "linear"),
  recurrentActivation: fc.constantFrom("hardSigmoid", "sigmoid"),
  goBackwards: fc.boolean(),
  useBias: fc.boolean(),
});

interface RecurrentOptions {
  units: number;
  activation: string;
  recurrentActivation: string;
  goBackwards: boolean;
  useBias: boolean;
}

function recurrent(kind: "lstm" | "gru", o: RecurrentOptions, returnSequences: boolean): tf.RNN {
  const options = {
    ...o,
    activation: o.activation as Activation,
    recurrentActivation: o.recurrentActivation as Activation,
  };
  return kind === "lstm" ? layers.lstm({ ...options, returnSequences }) : layers.gru({ ...options, returnSequences });
}

const kinds = fc.constantFrom("lstm" as const, "gru" as const);

const onSequences: fc.Arbitrary<() => Apply> = fc.oneof(
  fc.tuple(kinds, recurrentOptions).map(
    ([kind, o]) =>
      () =>
        applied(recurrent(kind, o, true)),
  ),
  fc
    .tuple(kinds, recurrentOptions, fc.constantFrom("concat" as const, "sum" as const, "mul" as const, "ave" as const))
    .map(
      ([kind, o, mergeMode]) =>
        () =>
          applied(layers.bidirectional({ layer: recurrent(kind, o, true), mergeMode })),
    ),
  fc.record({ units }).map((o) => () => applied(layers.timeDistributed({ layer: layers.dense(o) }))),
  fc.constant(() => applied(layers.layerNormalization())),
  fc.constant(() => applied(layers.batchNormalization())),
);

/** Models of an embedding and one to three layers over a sequence of words, masked or not, to one vector or to many. */
export const sequenceModels: fc.Arbitrary<() => tf.LayersModel> = fc
  .record({
    maskZero: fc.boolean(),
    open: fc.boolean(),
    body: fc.array(onSequences, { minLength: 0, maxLength: 2 }),
    last: fc.tuple(kinds, recurrentOptions, fc.boolean()),
  })
  .map(({ maskZero, open, body, last: [kind, o, returnSequences] }) => () => {
    const input = tf.input({ shape: [open ? null : 5], dtype: "int32" });
    const words = layers.embedding({ inputDim: 4, outputDim: 3, maskZero }).apply(input) as tf.SymbolicTensor;
    const steps = body.reduce((x, make) => make()(x), words);
    return tf.model({ inputs: input, outputs: applied(recurrent(kind, o, returnSequences))(steps) });
  });
