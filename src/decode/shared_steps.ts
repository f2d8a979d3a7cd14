import type { DecoderStep, RunStep } from "./search_captions.ts";

/** States of some beams, [beams, units] each. */
export interface DecoderStates {
  readonly hidden: Float32Array;
  readonly cell: Float32Array;
}

/** What the decoder computes from a word of each beam and the state before it. */
export type StatefulStep = (tokens: Int32Array, before: DecoderStates) => Promise<DecoderStep & DecoderStates>;

/** What the decoder said after some words. */
interface Said extends DecoderStates {
  readonly logits: Float32Array;
  readonly attention?: Float32Array | undefined;
}

/** Some first words of captions, and those that continue them by one. */
interface Words {
  said: Said | undefined;
  readonly next: Map<number, Words>;
}

/**
 * The decoder's steps for several searches of one picture. A later search tries most of the words that the first one
 * tried: its beams that name nothing required are the same. Each row is computed once and kept until this object is
 * dropped, about 20 kB a row with a vocabulary of 5,000 words.
 */
export class SharedSteps {
  readonly #step: StatefulStep;
  readonly #first: Words;

  /** @param first The state before the first word, [1, units]. */
  constructor(step: StatefulStep, first: DecoderStates) {
    this.#step = step;
    this.#first = { said: { ...first, logits: new Float32Array() }, next: new Map() };
  }

  /** The steps of another search, from the first word on. */
  start(): RunStep {
    let live: readonly Words[] = [this.#first];
    return async (tokens, parents) => {
      const before = Array.from(parents, (parent) => live[parent]!);
      live = before.map((words, beam) => after(words, tokens[beam]!));
      const unknown = new Map<Words, number>();
      for (const [beam, words] of live.entries()) if (words.said === undefined) unknown.set(words, beam);
      if (unknown.size > 0) {
        await this.#compute(
          [...unknown.keys()],
          Int32Array.from(unknown.values(), (beam) => tokens[beam]!),
          [...unknown.values()].map((beam) => before[beam]!.said!),
        );
      }
      const said = live.map((words) => words.said!);
      return {
        logits: joined(said.map(({ logits }) => logits)),
        attention: said[0]!.attention && joined(said.map(({ attention }) => attention!)),
      };
    };
  }

  async #compute(unknown: readonly Words[], tokens: Int32Array, before: readonly DecoderStates[]): Promise<void> {
    const { logits, attention, hidden, cell } = await this.#step(tokens, {
      hidden: joined(before.map((state) => state.hidden)),
      cell: joined(before.map((state) => state.cell)),
    });
    const row = (data: Float32Array, place: number) => {
      const length = data.length / unknown.length;
      return data.subarray(place * length, (place + 1) * length);
    };
    for (const [place, words] of unknown.entries()) {
      words.said = {
        logits: row(logits, place),
        attention: attention && row(attention, place),
        hidden: row(hidden, place),
        cell: row(cell, place),
      };
    }
  }
}

function after({ next }: Words, token: number): Words {
  const known = next.get(token);
  if (known !== undefined) return known;
  const words: Words = { said: undefined, next: new Map() };
  next.set(token, words);
  return words;
}

/** Copies of rows of the same length, one after another. */
function joined(rows: readonly Float32Array[]): Float32Array {
  const length = rows[0]!.length;
  const all = new Float32Array(rows.length * length);
  for (const [place, row] of rows.entries()) all.set(row, place * length);
  return all;
}
