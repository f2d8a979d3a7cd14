import { type GraphTensor, tensor } from "./tensor.ts";

/** Weights in int8 with a scale per output channel. */
export interface ChannelWeights {
  readonly stored: GraphTensor;
  /** One scale per channel: weight = stored x scale. */
  readonly scales: Float32Array;
}

const candidates = [1, 0.96, 0.92, 0.88, 0.84, 0.8, 0.75, 0.7];

/**
 * Stores weights as int8, symmetric around 0 (-127 to 127), with a scale for each channel.
 *
 * The scale has the smallest squared error among several candidates that clip the channel's largest weights.
 *
 * @param weights Float32 weights whose first dimension is the output channel.
 */
export function quantiseChannels(weights: GraphTensor & { readonly data: Float32Array }): ChannelWeights {
  const { shape, data } = weights;
  const channels = shape[0] ?? 1;
  const length = data.length / channels;
  const stored = new Int8Array(data.length);
  const scales = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const part = data.subarray(channel * length, (channel + 1) * length);
    const scale = bestScale(part);
    scales[channel] = scale;
    for (let i = 0; i < length; i++) stored[channel * length + i] = clamp(Math.round(part[i]! / scale));
  }
  return { stored: tensor("int8", shape, stored), scales };
}

function clamp(value: number): number {
  return Math.min(127, Math.max(-127, value));
}

function bestScale(weights: Float32Array): number {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, Math.abs(weight));
  // A channel of zeros still needs a scale.
  if (largest === 0) return 1;
  let best = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const share of candidates) {
    const scale = Math.fround((largest * share) / 127);
    let error = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      error += (weight - clamp(Math.round(weight / scale)) * scale) ** 2;
    }
    if (error < smallest) {
      smallest = error;
      best = scale;
    }
  }
  return best;
}
