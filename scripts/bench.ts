/**
 * Measures, side by side in one run: encoders, decoding, the time outside the graphs, cold start, and the Rust core
 * against its TypeScript twins. Rounds are interleaved and medians printed, so that noise falls on all alike.
 *
 * usage: bun run bench [--json] [--rounds N]
 */
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultBundle, loadBundle } from "../src/bundle/load_bundle.ts";
import { generate } from "../src/decode/generate.ts";
import { Search } from "../src/decode/search.ts";
import { decodeImage } from "../src/image/decode.ts";
import { encoderInput } from "../src/image/encoder_input.ts";
import { GraphSession, type GraphTensor } from "../src/runtime/graph_session.ts";
import { tokenize } from "../src/text/tokenizer.ts";
import { textModule } from "../src/text/wasm.ts";
import { searchTwin } from "../test/twins/search.ts";
import { tokenizeTwin } from "../test/twins/tokenizer.ts";

const { values: flags } = parseArgs({
  options: { json: { type: "boolean" }, rounds: { type: "string", default: "15" } },
});
const rounds = Number(flags.rounds);
const root = fileURLToPath(new URL("..", import.meta.url));
const photo = readFileSync(`${root}examples/coffee.jpg`);

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly aim?: string;
}

const rows: Row[] = [];
const encoders = await benchEncoders();
await benchCaption();
await benchColdStart();
await benchTwins();
if (flags.json === true) process.stdout.write(`${JSON.stringify({ rows, encoders }, null, 2)}\n`);
else print();

async function benchEncoders(): Promise<Record<string, number>> {
  const int8 = `${root}models/default/encoder.onnx`;
  const fp32 = `${root}.cache/encoder/encoder-fp32-224.onnx`;
  if (!existsSync(fp32)) {
    const made = Bun.spawn([process.execPath, `${root}scripts/encoder.ts`, "--precision", "fp32", "--out", fp32], {
      stdout: "ignore",
    });
    if ((await made.exited) !== 0) throw new Error("There is no fp32 encoder to compare with.");
  }
  const variants: [string, string, string, string][] = [];
  for (const threads of ["1", "2"]) {
    variants.push([`native fp32, ${threads} thread`, "bare-node", fp32, threads]);
    variants.push([`web fp32, ${threads} thread`, "wasm", fp32, threads]);
    variants.push([`web int8, ${threads} thread`, "wasm", int8, threads]);
  }
  const processes = variants.map(([, ...args]) => {
    const child = Bun.spawn([process.execPath, `${root}scripts/bench_encoder.ts`, ...args], {
      stdin: "pipe",
      stdout: "pipe",
    });
    const lines = createInterface({ input: Readable.fromWeb(child.stdout) })[Symbol.asyncIterator]();
    return { child, lines, times: [] as number[] };
  });
  for (const { lines } of processes) await lines.next();
  for (let round = 0; round < rounds; round++) {
    for (const { child, lines, times } of processes) {
      child.stdin.write("run\n");
      child.stdin.flush();
      times.push(Number((await lines.next()).value));
    }
  }
  for (const { child } of processes) child.kill();
  const medians = Object.fromEntries(variants.map(([name], i) => [name, median(processes[i]!.times)]));
  for (const [name, value] of Object.entries(medians)) rows.push({ what: `encoder, ${name}`, value, unit: "ms" });
  const value = medians["web int8, 1 thread"]! / medians["native fp32, 1 thread"]!;
  rows.push({ what: "encoder, web int8 over native fp32, 1 thread", value, unit: "times", aim: "2.5 or less" });
  return medians;
}

async function benchCaption(): Promise<void> {
  await textModule();
  const { files, manifest } = await loadBundle(defaultBundle);
  await using encoder = await GraphSession.create("encoder", files.encoder);
  await using init = await GraphSession.create("decoder_init", files.decoderInit);
  await using step = await GraphSession.create("decoder_step", files.decoderStep);
  let inGraphs = 0;
  const timed = (graph: GraphSession) => ({
    run: async (inputs: Readonly<Record<string, GraphTensor>>) => {
      const started = performance.now();
      const outputs = await graph.run(inputs);
      inGraphs += performance.now() - started;
      return outputs;
    },
  });
  for (const beams of [1, 5]) {
    const shares: { outside: number; decoding: number; encoding: number; total: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      inGraphs = 0;
      const started = performance.now();
      const { rgb } = await decodeImage(photo, { size: manifest.encoder.size });
      const pixels = { data: encoderInput(rgb), shape: [1, 224, 224, 3] };
      const decoded = performance.now();
      const { grid } = await timed(encoder).run({ pixels });
      const encoded = performance.now();
      await generate({ init: timed(init), step: timed(step) }, grid!, {
        vocabulary: manifest.decoder.vocabulary,
        beams,
        maxWords: manifest.generation.maxWords,
        lengthPenalty: manifest.generation.lengthPenalty,
        count: 1,
      });
      const ended = performance.now();
      shares.push({
        outside: ended - started - inGraphs,
        decoding: ended - encoded,
        encoding: encoded - decoded,
        total: ended - started,
      });
    }
    const of = (key: keyof (typeof shares)[number]) => median(shares.map((share) => share[key]));
    const name = beams === 1 ? "greedy" : `${beams} beams`;
    rows.push(
      { what: `caption, ${name}, whole`, value: of("total"), unit: "ms" },
      {
        what: `caption, ${name}, decoding over encoding`,
        value: of("decoding") / of("encoding"),
        unit: "times",
        ...(beams === 1 && { aim: "0.25 or less" }),
      },
      { what: `caption, ${name}, outside the graphs`, value: of("outside"), unit: "ms", aim: "below 5" },
      { what: `caption, ${name}, share outside the graphs`, value: (100 * of("outside")) / of("total"), unit: "%" },
    );
  }
}

async function benchColdStart(): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < Math.min(rounds, 7); round++) {
    const started = performance.now();
    const child = Bun.spawn([process.execPath, `${root}src/cli/main.ts`, "caption", `${root}examples/coffee.jpg`], {
      stdout: "ignore",
    });
    await child.exited;
    times.push(performance.now() - started);
  }
  rows.push({ what: "cold start of caption, to its end", value: median(times), unit: "ms", aim: "below 1500" });
}

async function benchTwins(): Promise<void> {
  const text = Array.from(
    { length: 500 },
    (_, i) => `A man's dog doesn't run (${i}) on the well-kept grass, near New York at 5pm.`,
  );
  const vocabulary = 3000;
  const logits = Float32Array.from({ length: vocabulary }, (_, i) => Math.sin(i * 12.9898) * 5);
  const options = { vocabulary, beams: 5, maxWords: 16, lengthPenalty: 0.7 };
  const twinOptions = {
    ...options,
    minWords: 0,
    noRepeatNgram: 0,
    startId: 1,
    endId: 2,
    banned: Uint32Array.of(0, 1, 3),
    temperature: 0,
    topK: 0,
    topP: 1,
    seed: 0,
  };
  const works: Record<string, () => void> = {
    "tokenizer, Rust": () => {
      for (const line of text) tokenize(line);
    },
    "tokenizer, TypeScript twin": () => {
      for (const line of text) tokenizeTwin(line);
    },
    "search, Rust": () => {
      using search = new Search(options);
      do {
        for (let beam = 0; beam < search.live(); beam++)
          search.logits().set(logits.subarray(0, vocabulary), beam * vocabulary);
      } while (search.advance());
      search.results(1);
    },
    "search, TypeScript twin": () => {
      searchTwin(twinOptions, () => logits.subarray(0, vocabulary));
    },
  };
  const times = new Map(Object.keys(works).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds + 3; round++) {
    for (const [name, work] of Object.entries(works)) {
      const started = performance.now();
      work();
      // The first rounds warm the compilers.
      if (round >= 3) times.get(name)!.push(performance.now() - started);
    }
  }
  for (const [name, values] of times)
    rows.push({
      what: `${name} (${name.startsWith("t") ? "500 captions" : "16 words"})`,
      value: median(values),
      unit: "ms",
    });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function print(): void {
  const table = rows.map(({ what, value, unit, aim }) => [what, value.toPrecision(3), unit, aim ?? ""]);
  const lines = [["what", "median", "unit", "aim"], ["---", "---:", "---", "---"], ...table];
  process.stdout.write(`${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}\n`);
}
