/** Decay of the mean of gradients, and of squared gradients. */
const [beta1, beta2] = [0.9, 0.999];

/** Settings of {@linkcode AdamW}. */
export interface AdamWOptions {
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
  /** Share of a kernel that is subtracted per unit of learning rate; vectors (biases) do not decay. Default 0.01. */
  readonly weightDecay?: number;
  /** Largest Euclidean norm of all gradients together; longer ones are scaled down. Default 5. */
  readonly clipNorm?: number;
}

/** One weight with its two moments, all of the same length. */
export interface AdamWSlot {
  readonly name: string;
  readonly shape: readonly number[];
  readonly value: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Factor of the learning rate for this weight. Default 1. */
  readonly rate?: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019) on plain arrays.
 *
 * Because the arrays are plain, a checkpoint can store its state directly, the same on every backend.
 */
export class AdamW {
  readonly slots: readonly AdamWSlot[];
  /** Steps taken so far. */
  step = 0;
  readonly #options: Required<AdamWOptions>;

  constructor(slots: readonly AdamWSlot[], options: AdamWOptions = {}) {
    this.slots = slots;
    this.#options = { epsilon: 1e-8, weightDecay: 0.01, clipNorm: 5, ...options };
  }

  /** Starts again from these values, one array per slot: moments and steps go back to zero. */
  restart(values: readonly Float32Array[]): void {
    for (const [s, slot] of this.slots.entries()) {
      slot.value.set(values[s]!);
      slot.first.fill(0);
      slot.second.fill(0);
    }
    this.step = 0;
  }

  /**
   * Moves every weight against its gradient.
   *
   * @param gradients One array per slot, in the order of `slots`.
   * @param learningRate Step length.
   * @returns The norm of all gradients before clipping.
   */
  apply(gradients: readonly Float32Array[], learningRate: number): number {
    const { epsilon, weightDecay, clipNorm } = this.#options;
    let squares = 0;
    for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) squares += gradient[i]! * gradient[i]!;
    const norm = Math.sqrt(squares);
    const scale = norm > clipNorm ? clipNorm / norm : 1;
    this.step++;
    const correction = Math.sqrt(1 - beta2 ** this.step) / (1 - beta1 ** this.step);
    const root = epsilon * Math.sqrt(1 - beta2 ** this.step);
    for (let s = 0; s < this.slots.length; s++) {
      const { value, first, second, shape, rate: share = 1 } = this.slots[s]!;
      const rate = share * learningRate * correction;
      const gradient = gradients[s]!;
      const keep = shape.length > 1 ? 1 - share * learningRate * weightDecay : 1;
      for (let i = 0; i < value.length; i++) {
        const g = gradient[i]! * scale;
        const m = beta1 * first[i]! + (1 - beta1) * g;
        const v = beta2 * second[i]! + (1 - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        value[i] = value[i]! * keep - (rate * m) / (Math.sqrt(v) + root);
      }
    }
    return norm;
  }
}
