import { tf } from "../tensorflow.ts";

/**
 * Mean categorical cross-entropy of rows of logits, [rows, classes], against the target class of each.
 *
 * Softmax and logarithm are computed together, and the gradient, (softmax - target) / rows, is written out.
 */
export function categoricalCrossEntropy(logits: tf.Tensor2D, labels: Int32Array): tf.Scalar {
  const [rows, classes] = logits.shape;
  const loss = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const logProbability = tf.logSoftmax(x);
    // Cast: on the WebAssembly backend, oneHot() returns integers whatever type is requested.
    const wanted = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32");
    save([logProbability, wanted]);
    return {
      value: tf.neg(tf.div(tf.sum(tf.mul(wanted, logProbability)), rows)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.sub(tf.exp(saved[0]!), saved[1]!), tf.div(dy, rows)),
    };
  });
  return loss(logits) as tf.Scalar;
}
