/**
 * Exponential moving average of weights (Polyak and Juditsky, 1992). Its decay is at most (1 + steps) / (10 + steps),
 * so that the first values soon lose their weight.
 */
export class MovingAverage {
  readonly values: readonly Float32Array[];
  readonly #decay: number;
  /** Steps averaged so far. */
  steps: number;

  /**
   * @param values First values; copied.
   * @param decay Share of the average that each step keeps, 0 to 1.
   * @param steps Steps that these values have seen.
   */
  constructor(values: readonly Float32Array[], decay: number, steps = 0) {
    this.values = values.map((value) => value.slice());
    this.#decay = decay;
    this.steps = steps;
  }

  /** Starts again from these values; the number of steps that it has seen does not change. */
  restart(values: readonly Float32Array[]): void {
    for (const [i, average] of this.values.entries()) average.set(values[i]!);
  }

  /** Adds the weights after one more step to the average. */
  add(values: readonly Float32Array[]): void {
    const keep = Math.min(this.#decay, (1 + this.steps) / (10 + this.steps));
    this.steps++;
    for (const [i, average] of this.values.entries()) {
      const value = values[i]!;
      for (let j = 0; j < average.length; j++) average[j]! += (1 - keep) * (value[j]! - average[j]!);
    }
  }
}
