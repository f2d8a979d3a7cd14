import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type DecoderStates, SharedSteps, type StatefulStep } from "../../src/decode/shared_steps.ts";

const vocabulary = 7;
const units = 3;

/** A decoder whose state is a hash of the words so far, so that no two histories give the same numbers. */
function hashing(rows: (count: number) => void = () => {}): StatefulStep {
  return async (tokens, { hidden, cell }) => {
    const beams = tokens.length;
    rows(beams);
    expect(hidden).toHaveLength(beams * units);
    expect(cell).toHaveLength(beams * units);
    const next = hidden.map((value, i) => Math.sin(value * 31 + tokens[Math.floor(i / units)]! * 7 + (i % units)));
    return {
      hidden: next,
      cell: cell.map((value, i) => value + next[i]!),
      logits: Float32Array.from({ length: beams * vocabulary }, (_, i) => {
        const beam = Math.floor(i / vocabulary);
        return next[beam * units]! * (1 + (i % vocabulary)) + cell[beam * units]!;
      }),
      attention: Float32Array.from({ length: beams * 2 }, (_, i) => next[Math.floor(i / 2) * units]! + (i % 2)),
    };
  };
}

const first: DecoderStates = { hidden: Float32Array.of(0.1, 0.2, 0.3), cell: Float32Array.of(0, 1, 2) };

/** The words and parents of each step of a search, as a search with that many beams could choose them. */
const searches = fc.array(
  fc.array(fc.array(fc.tuple(fc.nat(vocabulary - 1), fc.nat(99)), { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
  { minLength: 1, maxLength: 3 },
);

/** A step's choices as a search gives them; the first step has one beam. */
function chosen(choices: readonly (readonly [number, number])[], live: number) {
  return {
    tokens: Int32Array.from(choices, ([token]) => token),
    parents: Uint32Array.from(choices, ([, parent]) => parent % live),
  };
}

describe("SharedSteps", () => {
  test("gives every search what it would get alone", async () => {
    await fc.assert(
      fc.asyncProperty(searches, async (all) => {
        const shared = new SharedSteps(hashing(), first);
        for (const search of all) {
          const step = shared.start();
          const alone = new SharedSteps(hashing(), first).start();
          let live = 1;
          for (const choices of search) {
            const { tokens, parents } = chosen(choices, live);
            const [found, expected] = [await step(tokens, parents), await alone(tokens, parents)];
            expect(found).toEqual(expected);
            live = tokens.length;
          }
        }
      }),
    );
  });

  test("computes the same words once, within a step and between searches", async () => {
    const counts: number[] = [];
    const shared = new SharedSteps(
      hashing((count) => counts.push(count)),
      first,
    );
    for (let search = 0; search < 3; search++) {
      const step = shared.start();
      await step(Int32Array.of(1), Uint32Array.of(0));
      const twice = await step(Int32Array.of(4, 4), Uint32Array.of(0, 0));
      expect(twice.logits.slice(0, vocabulary)).toEqual(twice.logits.slice(vocabulary));
      await step(Int32Array.of(4, 5, search + 2), Uint32Array.of(1, 0, 0));
    }
    expect(counts).toEqual([1, 1, 3, 1]);
  });

  test("does not change what it keeps when a search changes what it got", async () => {
    const shared = new SharedSteps(hashing(), first);
    const { logits } = await shared.start()(Int32Array.of(1), Uint32Array.of(0));
    const original = logits.slice();
    logits.fill(9);
    expect((await shared.start()(Int32Array.of(1), Uint32Array.of(0))).logits).toEqual(original);
  });

  test("computes a step again after it failed", async () => {
    let fails = true;
    const inner = hashing();
    const shared = new SharedSteps((tokens, before) => {
      if (fails) return Promise.reject(new Error("lost"));
      return inner(tokens, before);
    }, first);
    await expect(shared.start()(Int32Array.of(1), Uint32Array.of(0))).rejects.toThrow("lost");
    fails = false;
    const { logits } = await shared.start()(Int32Array.of(1), Uint32Array.of(0));
    expect(logits).toEqual((await new SharedSteps(inner, first).start()(Int32Array.of(1), Uint32Array.of(0))).logits);
  });
});
