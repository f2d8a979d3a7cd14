import { beforeAll, describe, expect, test } from "bun:test";
import { generate } from "../../src/decode/generate.ts";
import { EdgecapError } from "../../src/errors.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { textModule } from "../../src/text/wasm.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";

const grid = {
  data: Float32Array.from({ length: 49 * 4 }, (_, i) => Math.sin(i)),
  shape: [1, 49, 4],
};

describe("generate()", () => {
  let decoder: { init: GraphSession; step: GraphSession };

  beforeAll(async () => {
    await textModule();
    const { files } = tinyBundle();
    decoder = {
      init: await GraphSession.create("decoder_init", files.decoderInit),
      step: await GraphSession.create("decoder_step", files.decoderStep),
    };
  });

  test("finds with every beam what trying all captions finds", async () => {
    const [best] = await generate(decoder, grid, { vocabulary: 12, beams: 64, maxWords: 2, count: 1 });
    let top = Number.NEGATIVE_INFINITY;
    for (let word = 4; word < 12; word++) top = Math.max(top, await logProbabilityOf([word]));
    const finished = await generate(decoder, grid, { vocabulary: 12, beams: 64, maxWords: 3, minWords: 1, count: 64 });
    const single = finished.filter((hypothesis) => hypothesis.tokens.length === 1 && hypothesis.finished);
    expect(Math.max(...single.map((hypothesis) => hypothesis.logProbability))).toBeCloseTo(top, 3);
    expect(best!.tokens.length).toBeLessThan(3);
  });

  test("is never less probable with more beams than greedy, without a length penalty", async () => {
    const options = { vocabulary: 12, maxWords: 6, count: 1 };
    const [greedy] = await generate(decoder, grid, { ...options, beams: 1 });
    const [beam] = await generate(decoder, grid, { ...options, beams: 64 });
    if (greedy!.finished) expect(beam!.logProbability).toBeGreaterThanOrEqual(greedy!.logProbability - 1e-5);
    expect(greedy!.tokens.length).toBeGreaterThan(0);
  });

  test("draws the same words from the same seed", async () => {
    const options = { vocabulary: 12, beams: 3, maxWords: 6, temperature: 1, count: 3 };
    const first = await generate(decoder, grid, { ...options, seed: 5 });
    const second = await generate(decoder, grid, { ...options, seed: 5 });
    expect(second.map(({ tokens }) => [...tokens])).toEqual(first.map(({ tokens }) => [...tokens]));
  });

  test("stops where its signal is aborted", async () => {
    const work = generate(decoder, grid, { vocabulary: 12, count: 1, signal: AbortSignal.abort() });
    await expect(work).rejects.toThrow(EdgecapError);
  });

  /** Log-probability of a whole caption, its end included, by feeding it word by word. */
  async function logProbabilityOf(words: readonly number[]): Promise<number> {
    const { keys, values, hidden, cell } = await decoder.init.run({ grid });
    let state = { hidden: hidden!, cell: cell! };
    let sum = 0;
    let previous = 1;
    for (const word of [...words, 2]) {
      const tokens = { data: Int32Array.of(previous), shape: [1, 1] };
      const output = await decoder.step.run({ tokens, keys: keys!, values: values!, ...state });
      const logits = output["logits"]!.data as Float32Array;
      const total = Math.log(logits.reduce((all, logit) => all + Math.exp(logit), 0));
      sum += logits[word]! - total;
      state = { hidden: output["next_hidden"]!, cell: output["next_cell"]! };
      previous = word;
    }
    return sum;
  }
});
