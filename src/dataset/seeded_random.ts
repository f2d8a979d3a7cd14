/** State of {@linkcode SeededRandom}: four 32-bit words. */
export type RandomState = readonly [number, number, number, number];

/**
 * Seeded random numbers: sfc32 from Chris Doty-Humphrey's PractRand, seeded by splitmix32.
 *
 * Not for secrets. Its state is only four numbers, so a checkpoint can carry it.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param seed A whole number, or a state that {@linkcode SeededRandom.state} gave. */
  constructor(seed: number | RandomState) {
    if (typeof seed !== "number") {
      [this.#a, this.#b, this.#c, this.#counter] = seed;
      return;
    }
    let mixed = seed >>> 0;
    const next = () => {
      mixed = (mixed + 0x9e3779b9) | 0;
      let z = mixed ^ (mixed >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    [this.#a, this.#b, this.#c, this.#counter] = [next(), next(), next(), 1];
    for (let i = 0; i < 12; i++) this.nextUint32();
  }

  /** The state, from which another generator continues the same sequence. */
  get state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#counter >>> 0];
  }

  /** A whole number from 0 to 2^32 - 1. */
  nextUint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** A number from 0 to below 1. */
  next(): number {
    return this.nextUint32() / 2 ** 32;
  }

  /** A normally distributed number of mean 0 and deviation 1 (Box and Muller, 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** Puts a list in random order, in place (Fisher and Yates), and returns it. */
  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const j = Math.floor(this.next() * (i + 1));
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  }
}
