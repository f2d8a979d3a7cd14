/**
 * Exponential moving average of weights (Polyak and Juditsky, 1992), young at first: its decay is at most
 * (1 + steps) / (10 + steps), so that it leaves the first values behind soon.
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

  /** Starts again from these values; how many steps it has seen stays as it is. */
  restart(values: readonly Float32Array[]): void {
    for (const [i, average] of this.values.entries()) average.set(values[i]!);
  }

  /** Takes in the weights after one more step. */
  add(values: readonly Float32Array[]): void {
    const keep = Math.min(this.#decay, (1 + this.steps) / (10 + this.steps));
    this.steps++;
    for (const [i, average] of this.values.entries()) {
      const value = values[i]!;
      for (let j = 0; j < average.length; j++) average[j]! += (1 - keep) * (value[j]! - average[j]!);
    }
  }
}
