import { appendLayersModel, GraphBuilder, simplify } from "../../export/mod.ts";
import { tf } from "../tensorflow.ts";

/** Side of the article's pictures in pixels. */
const articleImageSize = 90;

/** Means of red, green and blue that Keras's `preprocess_input` subtracts. */
const means = [123.68, 116.779, 103.939] as const;

/**
 * The article's own feature extractor: two 3x3 convolutions of 64, max pooling, two of 32, average pooling with
 * stride 1, flatten. A picture of 90x90 gives 38 x 38 x 32 = 46,208 features.
 *
 * The article never trains it: its kernels keep the initial values that Keras draws (Glorot and Bengio, 2010).
 *
 * @param seed Seed of the kernels' random numbers.
 */
export function simpleCnn(seed: number): tf.Sequential {
  const convolution = (filters: number, place: number, first = false) =>
    tf.layers.conv2d({
      filters,
      kernelSize: 3,
      padding: "valid",
      activation: "relu",
      kernelInitializer: tf.initializers.glorotUniform({ seed: seed * 4 + place }),
      ...(first && { inputShape: [articleImageSize, articleImageSize, 3] }),
    });
  return tf.sequential({
    name: "simple_cnn",
    layers: [
      convolution(64, 1, true),
      convolution(64, 2),
      tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
      convolution(32, 3),
      convolution(32, 4),
      tf.layers.averagePooling2d({ poolSize: 2, strides: 1 }),
      tf.layers.flatten(),
    ],
  });
}

/**
 * The simple extractor as an encoder graph: `pixels` [batch, 90, 90, 3], RGB of 0 to 255, -> `grid` [batch, 1444, 32],
 * whose rows one after another are the flattened features.
 *
 * As printed, the article calls `extract_image_features.predict` on the function, not on the model that it returns,
 * and `preprocess_input` before it is imported: here the model predicts, on pictures prepared as for its ResNet50.
 */
export function simpleCnnEncoder(seed: number): Uint8Array {
  const model = simpleCnn(seed);
  const graph = new GraphBuilder("simple_cnn_encoder");
  const size = articleImageSize;
  const pixels = graph.input("pixels", "float32", ["batch", size, size, 3]);
  const centred = graph.node("Sub", [pixels, graph.list(means)]);
  const ordered = graph.node("Gather", [centred, graph.ints([2, 1, 0])], { axis: 3 });
  const [last] = appendLayersModel(graph, model, [{ value: ordered, layout: "rows", shape: [null, size, size, 3] }]);
  const grid = graph.node("Reshape", [last!.value, graph.ints([-1, 1444, 32])]);
  graph.output("grid", grid, "float32", ["batch", 1444, 32]);
  graph.describe("source", `The article's simple CNN, not trained, seed ${seed}`);
  simplify(graph.graph);
  model.dispose();
  return graph.toBytes();
}
