import { tf } from "../tensorflow.ts";
import type { AdamWSlot } from "./adamw.ts";

/** The weights of an optimiser as variables of TensorFlow.js, in the order of its slots. */
export class SlotVariables implements Disposable {
  readonly list: readonly tf.Variable[];
  readonly #slots: readonly AdamWSlot[];

  constructor(slots: readonly AdamWSlot[]) {
    this.#slots = slots;
    this.list = slots.map(({ value, shape }) => {
      const initial = tf.tensor(value, [...shape]);
      const variable = tf.variable(initial);
      initial.dispose();
      return variable;
    });
  }

  /** The variables by the names of their slots. */
  get byName(): Record<string, tf.Variable> {
    return Object.fromEntries(this.list.map((variable, i) => [this.#slots[i]!.name, variable]));
  }

  /** Sets the variables to the values of the slots, or to others. */
  load(values: readonly Float32Array[] = this.#slots.map(({ value }) => value)): void {
    for (const [i, variable] of this.list.entries()) {
      const next = tf.tensor(values[i]!, [...this.#slots[i]!.shape]);
      variable.assign(next);
      next.dispose();
    }
  }

  [Symbol.dispose](): void {
    tf.dispose([...this.list]);
  }
}
