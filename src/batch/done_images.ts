import { createHash } from "node:crypto";

/**
 * The set of finished pictures, as 64 bits of the hash of each path: about 16 bytes per picture, so millions fit. Among
 * ten million paths the chance of two with the same bits is one in 400,000.
 */
export class DoneImages {
  // Open addressing; 0 marks a free place.
  #places = new BigUint64Array(1024);
  #size = 0;

  /** Pictures that are done. */
  get size(): number {
    return this.#size;
  }

  /** Adds a picture; `false` if it is in the set already. */
  add(path: string): boolean {
    if (2 * this.#size >= this.#places.length) this.#grow();
    const key = keyOf(path);
    const place = find(this.#places, key);
    if (this.#places[place] === key) return false;
    this.#places[place] = key;
    this.#size++;
    return true;
  }

  #grow(): void {
    const larger = new BigUint64Array(2 * this.#places.length);
    for (const key of this.#places) if (key !== 0n) larger[find(larger, key)] = key;
    this.#places = larger;
  }
}

function keyOf(path: string): bigint {
  const key = createHash("sha256").update(path).digest().readBigUInt64LE();
  return key === 0n ? 1n : key;
}

/** The slot of a key, or the free slot where it belongs. */
function find(places: BigUint64Array, key: bigint): number {
  const mask = places.length - 1;
  let place = Number(key & BigInt(mask));
  while (places[place] !== 0n && places[place] !== key) place = (place + 1) & mask;
  return place;
}
