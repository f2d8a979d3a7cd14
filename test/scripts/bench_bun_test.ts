import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { countGraphTime } from "../../scripts/bench/count_graph_time.ts";
import { prefixDecoder } from "../../scripts/bench/prefix_decoder.ts";
import { quartiles } from "../../scripts/bench/quartiles.ts";
import { type BenchResults, benchChart, benchDocument, medianOf, ratioOf } from "../../scripts/bench/report.ts";
import { parseSample, takeTurns } from "../../scripts/bench/take_turns.ts";
import { writeVitGpt2 } from "../../scripts/bench/vit_gpt2.ts";
import { generate } from "../../src/decode/generate.ts";
import { loadEngine } from "../../src/mod.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { textModule } from "../../src/text/text_module.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-bench-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("quartiles()", () => {
  test("are interpolated linearly between two samples, as in NumPy", () => {
    expect(quartiles([7])).toEqual({ low: 7, median: 7, high: 7 });
    expect(quartiles([4, 1, 3, 2])).toEqual({ low: 1.75, median: 2.5, high: 3.25 });
    expect(quartiles([5, 1, 3])).toEqual({ low: 2, median: 3, high: 4 });
    expect(quartiles([]).median).toBeNaN();
  });

  test("are in order, and within the samples, in whichever order these come", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (samples) => {
        const { low, median, high } = quartiles(samples);
        expect(low).toBeGreaterThanOrEqual(Math.min(...samples));
        expect(median).toBeGreaterThanOrEqual(low);
        expect(high).toBeGreaterThanOrEqual(median);
        expect(high).toBeLessThanOrEqual(Math.max(...samples));
        expect(quartiles(samples.toReversed())).toEqual({ low, median, high });
      }),
    );
  });
});

describe("takeTurns()", () => {
  test("tries one runner after another, and leaves out those that do not start", async () => {
    const log = join(folder, "log");
    const script = join(folder, "runner.ts");
    writeFileSync(
      script,
      `import { appendFileSync } from "node:fs";
      import { createInterface } from "node:readline";
      const [name, parts] = process.argv.slice(2);
      console.log("ready");
      let round = 0;
      for await (const _ of createInterface({ input: process.stdin })) {
        appendFileSync(${JSON.stringify(log)}, name);
        round++;
        console.log(parts === undefined ? round : JSON.stringify({ total: round, part: 10 * round }));
      }`,
    );
    const notes: string[] = [];
    const command = [process.execPath, script];
    const measured = await takeTurns(
      [
        { name: "first", command: [...command, "a"] },
        { name: "broken", command: [process.execPath, "-e", "process.exit(1)"] },
        { name: "second", command: [...command, "b", "parts"] },
        { name: "process", command: [process.execPath, "-e", "console.log(1); setTimeout(() => {}, 50)"], whole: true },
      ],
      3,
      (note) => notes.push(note),
    );
    expect(readFileSync(log, "utf8")).toBe("ababab");
    expect(notes).toEqual(["broken was left out: it does not start here."]);
    expect(measured.map(({ name }) => name)).toEqual(["first", "second", "process"]);
    expect(measured[0]!.samples).toEqual({ total: [1, 2, 3] });
    expect(measured[1]!.samples).toEqual({ total: [1, 2, 3], part: [10, 20, 30] });
    const { total, end } = measured[2]!.samples;
    expect(total!.length).toBe(3);
    for (const [round, ms] of total!.entries()) expect(end![round]).toBeGreaterThan(ms + 25);
  });

  test("fails if a runner ends before its turn, or a process fails", async () => {
    const ends = { name: "ends", command: [process.execPath, "-e", 'console.log("ready")'] };
    await expect(takeTurns([ends], 1, () => {})).rejects.toThrow("ends ended");
    const fails = { name: "fails", command: [process.execPath, "-e", "process.exit(3)"], whole: true };
    await expect(takeTurns([fails], 1, () => {})).rejects.toThrow("fails failed");
  });

  test("reads a number or its parts", () => {
    expect(parseSample("12.5")).toEqual({ total: 12.5 });
    expect(parseSample('{"total":3,"image":1}')).toEqual({ total: 3, image: 1 });
  });
});

describe("the report", () => {
  const one = (name: string, ...total: number[]) => ({ name, samples: { total } });
  const results: BenchResults = {
    encoder: [
      one("edgecap wasm, int8, 2 threads", 30, 20, 10),
      one("onnxruntime-node, fp32, 1 thread", 10, 10, 10),
      one("edgecap native, int8, 1 thread", 11, 10, 10),
      one("onnxruntime-node, int8, 1 thread", 10, 10, 10),
    ],
    caption: [
      {
        name: "edgecap wasm, greedy, 1 thread",
        samples: { total: [100, 200], image: [3, 3], encoder: [80, 160], decoder: [17, 37], outside: [2, 2] },
      },
      one("transformers.js, vit-gpt2's shape, wasm, greedy, 1 thread", 1000, 2200),
    ],
    start: [{ name: "edgecap caption on Bun, wasm", samples: { total: [900], end: [950] } }],
    core: [{ name: "core", samples: { total: [], search: [1, 2, 3] } }],
    command: "bun run bench",
    rounds: 3,
    words: 11,
    machine: "a machine",
    cores: 2,
    load: [0.1, 3],
    versions: "Bun",
    notes: ["left out"],
  };

  test("compares round by round", () => {
    expect(ratioOf(results.encoder, "edgecap wasm, int8, 2 threads", "onnxruntime-node, fp32, 1 thread")).toBe(2);
    expect(ratioOf(results.encoder, "edgecap wasm, int8, 2 threads", "nothing")).toBeNaN();
    expect(medianOf(results.encoder, "edgecap wasm, int8, 2 threads")).toBe(20);
  });

  test("reports aims, shares and what was not measured", () => {
    const text = benchDocument(results);
    expect(text).toContain("native fp32 with one | 2.00 times |");
    expect(text).toContain("fp32, int8 | not measured, 1.00 times |");
    expect(text).toContain("greedy, 5 beams | 10.50 times, not measured |");
    expect(text).toContain("| edgecap wasm, greedy, 1 thread | 150 | 125 to 175 | 3.0 | 120 | 27.0 | 2.0 | 1.5 % |");
    expect(text).toContain("| edgecap caption on Bun, wasm | 900 | 900 to 900 | 950 |");
    expect(text).toContain("- left out\n");
    expect(text).toContain("Other work ran meanwhile");
    expect(text).toContain("| search | 2.0 | 1.5 to 2.5 |");
    expect(benchDocument({ ...results, load: [0.1, 1.5] })).not.toContain("Other work");
  });

  test("draws every runner", async () => {
    const svg = (await benchChart(results)).replaceAll("&#39;", "'");
    for (const { name } of [...results.encoder, ...results.caption, ...results.start]) expect(svg).toContain(name);
  });
});

describe("the ways to caption that edgecap is compared with", () => {
  test("a model of vit-gpt2's shape captions in transformers.js", async () => {
    const model = join(folder, "vit-gpt2");
    const shape = { width: 32, layers: 2, heads: 4, picture: 32, patch: 16, vocabulary: 60, positions: 40 };
    writeVitGpt2(model, shape);
    await using engine = await loadEngine({ bundle: `transformers:${model}` });
    const photo = readFileSync(new URL("../../examples/chelsea.jpg", import.meta.url));
    const { words } = await engine.caption(photo, { beams: 1, maxWords: 7 });
    expect(words.length).toBeGreaterThan(0);
    for (const { text } of words) expect(text).toMatch(/^w\d+$/);
  });

  test("a decoder that reads all words again gives the same caption as one with a state", async () => {
    await textModule();
    const { files, description } = tinyBundle();
    await using init = await GraphSession.create("decoder_init", files.decoderInit);
    await using step = await GraphSession.create("decoder_step", files.decoderStep);
    const { regions, features } = description.encoder;
    const data = Float32Array.from({ length: regions * features }, (_, i) => Math.sin(i));
    const grid = { data, shape: [1, regions, features] };
    const options = { vocabulary: description.decoder.vocabulary, maxWords: 8, minWords: 6, count: 1 };
    const {
      captions: [kept],
    } = await generate({ init, step }, grid, options);
    const {
      captions: [again],
    } = await generate(prefixDecoder({ init, step }), grid, options);
    expect(again).toEqual(kept);
  });

  test("the graphs' time is that of onnxruntime's calls", async () => {
    const session = { run: () => new Promise((resolve) => setTimeout(resolve, 20)) };
    const InferenceSession = { create: async () => session };
    const time = await countGraphTime(Promise.resolve({ InferenceSession }));
    const counted = await InferenceSession.create();
    await counted.run();
    await counted.run();
    const taken = time.take();
    expect(taken).toBeGreaterThan(35);
    expect(time.take()).toBe(0);
  });
});
