/**
 * The history of a search: the words of each live beam, and where the decoder looked after each of them.
 *
 * Attention depends only on the words so far, so it is stored by those, and a caption finds its maps whichever
 * beams its words came through.
 */
export class Prefixes {
  #live: (readonly number[])[] = [[]];
  #attention = new Map<string, Float32Array>();

  /** The words so far of each live beam, in the order of the beams. */
  get live(): readonly (readonly number[])[] {
    return this.#live;
  }

  /** Adds the words that the search chose: `tokens` [live], each after the words of its beam in `parents` [live]. */
  extend(tokens: Int32Array, parents: Uint32Array): void {
    this.#live = Array.from(tokens, (token, beam) => [...this.#live[parents[beam]!]!, token]);
  }

  /** Stores the attention that chooses the next word of each live beam. @param maps [live, regions], row by row. */
  attend(maps: Float32Array): void {
    const regions = maps.length / this.#live.length;
    for (const [beam, words] of this.#live.entries()) {
      this.#attention.set(words.join(), maps.slice(beam * regions, (beam + 1) * regions));
    }
  }

  /** The attention that chose each word of a caption that the search found, [words][regions]. */
  attention(words: Uint32Array): Float32Array[] {
    return Array.from(words, (_, length) => this.#attention.get(words.slice(0, length).join())!);
  }
}
