/**
 * Compares the kernels of crates/engine with onnxruntime-web in this process, and prints a JSON object.
 *
 * usage: bun scripts/bench/run_int8_kernels.ts FOLDER ENCODER ROUNDS
 *
 * FOLDER holds dot16.wasm and relaxed.wasm. bench_int8_kernels.ts runs this on each runtime.
 */
import { readFile } from "node:fs/promises";
import { cpuUsage } from "node:process";
import * as ort from "onnxruntime-web";
import { Int8Encoder, standardTuning } from "../../src/runtime/rust/int8_encoder.ts";
import { bytesOf, KernelModule, type KernelName } from "../../src/runtime/rust/kernel_module.ts";
import type { ConvolutionStep } from "../../src/runtime/rust/plan.ts";
import { readPlan } from "../../src/runtime/rust/read_plan.ts";
import { inputName, layerGraph, macsOf, shapeOf } from "./layer_graph.ts";
import { quartiles } from "./quartiles.ts";

const [folder, encoder, roundsText] = process.argv.slice(2) as [string, string, string];
const rounds = Number(roundsText);
const heights = [4, 5, 6];

type Work = () => unknown;
/** Milliseconds of each round, of the clock and of the processor. */
interface Times {
  readonly clock: number[];
  readonly processor: number[];
}

/** Runs named work in turns. The first turns do not count, because a runtime still compiles. */
async function takeTurns(work: Readonly<Record<string, Work>>, count: number): Promise<Record<string, Times>> {
  const times: Record<string, Times> = {};
  for (const name of Object.keys(work)) times[name] = { clock: [], processor: [] };
  for (let round = -3; round < count; round++) {
    for (const [name, run] of Object.entries(work)) {
      const [before, started] = [cpuUsage(), performance.now()];
      await run();
      const [ended, { user, system }] = [performance.now(), cpuUsage(before)];
      if (round < 0) continue;
      times[name]!.clock.push(ended - started);
      times[name]!.processor.push((user + system) / 1000);
    }
  }
  return times;
}

const middle = (samples: readonly number[]) => quartiles(samples).median;
const summary = (times: Record<string, Times>) =>
  Object.fromEntries(
    Object.entries(times).map(([name, { clock, processor }]) => [
      name,
      { clock: middle(clock), processor: middle(processor) },
    ]),
  );
/** Medians of the rounds' ratios to onnxruntime-web. */
const ratios = (times: Record<string, Times>) =>
  Object.fromEntries(
    Object.entries(times).map(([name, { clock, processor }]) => [
      name,
      {
        clock: middle(clock.map((ms, round) => ms / times["onnxruntime-web"]!.clock[round]!)),
        processor: middle(processor.map((ms, round) => ms / times["onnxruntime-web"]!.processor[round]!)),
      },
    ]),
  );

const builds = new Map<KernelName, WebAssembly.Module>();
let accepted = true;
for (const file of ["dot16", "relaxed"]) {
  const bytes = new Uint8Array(await readFile(`${folder}/${file}.wasm`));
  accepted = WebAssembly.validate(bytes);
  if (!accepted) continue;
  const module = new WebAssembly.Module(bytes);
  for (const kernel of new KernelModule(module).kernels) if (!builds.has(kernel)) builds.set(kernel, module);
}

/** Billions of products a second with operands in the first cache. */
async function measureCached(): Promise<Record<string, number>> {
  const work: Record<string, Work> = {};
  const [rows, channels, repeats, tapBytes] = [60, 32, 40, 256];
  for (const [kernel, build] of builds) {
    for (const height of heights) {
      const module = new KernelModule(build);
      const depth = tapBytes / bytesOf(kernel);
      const input = module.allocate(rows * tapBytes);
      const run = module.convolution(kernel, height, {
        sources: module.put(Uint32Array.from({ length: rows }, (_, row) => input + row * tapBytes)),
        ...{ rows, taps: 1, tapBytes, channels, block: rows, zero: 0 },
        weights: module.allocate(channels * depth * bytesOf(kernel)),
        biases: module.allocate(4 * channels),
        scales: module.allocate(4 * channels),
        output: module.allocate(rows * channels * 2),
      });
      work[`${kernel} ${height}`] = () => {
        for (let repeat = 0; repeat < repeats * (kernel === "dot16" ? 2 : 1); repeat++) run();
      };
    }
  }
  const times = summary(await takeTurns(work, 2 * rounds));
  const products = (rows * channels * tapBytes * repeats) / 1e6;
  return Object.fromEntries(Object.entries(times).map(([name, { processor }]) => [name, products / processor]));
}

const model = new Uint8Array(await readFile(encoder));
ort.env.wasm.numThreads = 1;
const sessionOf = (bytes: Uint8Array) => ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
const plan = readPlan(model);
const pixels = Float32Array.from({ length: 224 * 224 * 3 }, (_, i) =>
  Math.floor(128 + 60 * Math.sin(i / 977) + ((i * 37) % 67)),
);
const encoderOf = (kernel: KernelName) =>
  new Int8Encoder(plan, new KernelModule(builds.get(kernel)!), kernel, standardTuning);

async function measureEncoder() {
  const session = await sessionOf(model);
  const feeds = { pixels: new ort.Tensor("float32", pixels, [1, 224, 224, 3]) };
  const reference = async () => {
    const { grid } = await session.run(feeds);
    return grid!.data as Float32Array;
  };
  const expected = await reference();
  const work: Record<string, Work> = { "onnxruntime-web": reference };
  const differing: Record<string, number> = {};
  for (const kernel of builds.keys()) {
    const engine = encoderOf(kernel);
    differing[kernel] = engine.run(pixels).filter((value, i) => value !== expected[i]).length;
    work[kernel] = () => engine.run(pixels);
  }
  const times = await takeTurns(work, rounds);
  await session.release();
  return { features: expected.length, differing, times: summary(times), ratios: ratios(times) };
}

async function measureLayers() {
  const engines = [...builds.keys()].map((kernel) => [kernel, encoderOf(kernel)] as const);
  for (const [, engine] of engines) engine.run(pixels);
  // Node 20 lacks Map.groupBy.
  const shapes = new Map<string, ConvolutionStep[]>();
  for (const step of plan.steps) {
    if (step.kind === "convolution") shapes.set(shapeOf(step), [...(shapes.get(shapeOf(step)) ?? []), step]);
  }
  const layers: unknown[] = [];
  for (const [shape, steps] of shapes) {
    const step = steps[0]!;
    const { size, channels } = step.input;
    const image = Uint8Array.from({ length: size * size * channels }, (_, i) => (i * 37) % 256);
    const feeds = { [inputName]: new ort.Tensor("uint8", image, [1, size, size, channels]) };
    const [session, around] = [
      await sessionOf(layerGraph(step.input, step)),
      await sessionOf(layerGraph(step.input, undefined)),
    ];
    const work: Record<string, Work> = {
      "onnxruntime-web": () => session.run(feeds),
      around: () => around.run(feeds),
    };
    for (const [kernel, engine] of engines)
      work[kernel] = engine.steps.find(({ output }) => output === step.output.name)!.run;
    const times = await takeTurns(work, rounds);
    const own = times["onnxruntime-web"]!;
    // onnxruntime-web's time, without the part that every call needs.
    for (const part of ["clock", "processor"] as const) {
      const rest = middle(times["around"]![part]);
      for (let round = 0; round < rounds; round++) own[part][round]! -= rest;
    }
    layers.push({ shape, count: steps.length, macs: macsOf(step), times: summary(times), ratios: ratios(times) });
    await session.release();
    await around.release();
  }
  const others = Object.fromEntries(
    await Promise.all(
      engines.map(async ([kernel, engine]) => {
        const rest = engine.steps.filter(({ kind }) => kind !== "convolution");
        const times = await takeTurns({ rest: () => rest.map(({ run }) => run()) }, rounds);
        return [kernel, summary(times)["rest"]!] as const;
      }),
    ),
  );
  return { layers, others };
}

const cached = await measureCached();
const whole = await measureEncoder();
console.log(
  JSON.stringify({
    relaxed: accepted,
    kernels: [...builds.keys()],
    cached,
    encoder: whole,
    ...(await measureLayers()),
  }),
);
