import { tf } from "../tensorflow.ts";

/** A classifier of pictures: softmax(mean x kernel + bias), from the mean of a picture's regions. */
export interface Classifier {
  /** [features, classes] */
  readonly kernel: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

/** Probabilities of a classifier's classes, [rows, classes]. @param means [rows, features] */
export function classify({ kernel, bias }: Classifier, means: tf.Tensor2D): tf.Tensor2D {
  const logits = tf.matMul(means, tf.tensor2d(kernel, [kernel.length / bias.length, bias.length]));
  return tf.softmax(tf.add(logits, tf.tensor1d(bias)));
}
