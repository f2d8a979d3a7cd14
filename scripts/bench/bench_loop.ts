/**
 * Compares two ways to write a greedy caption: the loop over the words outside the graphs, as edgecap does, and ONNX's
 * Loop around the same step inside one graph. The words must be the same.
 *
 * usage: bun scripts/bench/bench_loop.ts [--rounds 30]
 *
 * Prints the median milliseconds of each backend, from features to words, and for loading the graph.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { defaultBundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import { generate } from "../../src/decode/generate.ts";
import { decodeModel, encodeModel, type Graph, GraphBuilder, tensor, type Value } from "../../src/export/mod.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { encoderInput } from "../../src/image/encoder_input.ts";
import { describeProcessor } from "../../src/platform/processor.ts";
import type { BackendName } from "../../src/runtime/backend.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { textModule } from "../../src/text/text_module.ts";
import { quartiles } from "./quartiles.ts";

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "30" } } });
const maxWords = 20;
const ids = { start: 1, end: 2, banned: [0, 1, 3] };

/**
 * Decodes a whole caption: `keys`, `values`, `hidden` and `cell` as `decoder_init` gives them -> `words` [n], the ids
 * with the end. A caption has at least one word and at most `maxWords`.
 */
function greedyGraph(step: Graph): Uint8Array {
  const g = new GraphBuilder("greedy");
  const input = (name: string) => {
    const { shape } = step.inputs.find((port) => port.name === name)!;
    return g.input(
      name,
      "float32",
      shape!.map((length) => (typeof length === "string" ? 1 : length)),
    );
  };
  const [, , hidden, cell] = ["keys", "values", "hidden", "cell"].map(input);
  const b = new GraphBuilder("word");
  const round = b.input("round", "int64", []);
  b.input("going", "bool", []);
  for (const name of ["tokens", "hidden_now", "cell_now"]) {
    b.input(name, name === "tokens" ? "int32" : "float32", name === "tokens" ? [1, 1] : [1, 1, 512]);
  }
  // The loop reads keys and values from outside. It contains the step's nodes and weights unchanged, under other names.
  const outside: Readonly<Record<string, string>> = {
    ...{ keys: "keys", values: "values", tokens: "tokens", hidden: "hidden_now", cell: "cell_now" },
    ...{ next_hidden: "next_hidden", next_cell: "next_cell", "": "" },
  };
  const renamed = (name: string) => outside[name] ?? `step/${name}`;
  for (const node of step.nodes) {
    const { name, inputs, outputs } = node;
    const names = { name: renamed(name), inputs: inputs.map(renamed), outputs: outputs.map(renamed) };
    b.graph.nodes.push({ ...node, ...names });
  }
  for (const [name, value] of step.initializers) b.graph.initializers.set(renamed(name), value);
  const vocabulary = step.outputs.find(({ name }) => name === "logits")!.shape![2] as number;
  const barred = (also: readonly number[]) =>
    Float32Array.from({ length: vocabulary }, (_, id) => ([...ids.banned, ...also].includes(id) ? -1e9 : 0));
  const isFirst = b.node("Equal", [round, b.scalar(0, "int64")], {}, { name: "is_first" });
  const bar = b.node(
    "Where",
    [isFirst, b.weight("bar_first", [vocabulary], barred([ids.end])), b.weight("bar", [vocabulary], barred([]))],
    {},
    { name: "bar_now" },
  );
  const word = b.node(
    "ArgMax",
    [b.node("Add", [renamed("logits") as Value, bar], {}, { name: "allowed" })],
    { axis: -1, keepdims: 0 },
    { name: "best" },
  );
  const next = b.node("Cast", [word], { to: 6 }, { name: "next" });
  const isEnd = b.node("Equal", [next, b.scalar(ids.end, "int32")], {}, { name: "is_end" });
  const going = b.node(
    "Reshape",
    [b.node("Not", [isEnd]), b.initializer("no_axes", tensor("int64", [0], []))],
    {},
    { name: "goes_on" },
  );
  b.output("going_on", going, "bool", []);
  b.output("next_tokens", next, "int32", [1, 1]);
  b.graph.outputs.push({ name: "next_hidden", type: "float32", shape: [1, 1, 512] });
  b.graph.outputs.push({ name: "next_cell", type: "float32", shape: [1, 1, 512] });
  b.output("word", b.node("Reshape", [next, b.ints([1])], {}, { name: "flat" }), "int32", [1]);
  const first = g.initializer("first", tensor("int32", [1, 1], [ids.start]));
  const looped = g.nodes(
    "Loop",
    [g.scalar(maxWords, "int64"), g.initializer("yes", tensor("bool", [], [1])), first, hidden!, cell!],
    4,
    { body: b.graph },
  );
  g.output("words", g.node("Reshape", [looped[3]!, g.ints([-1])]), "int32", ["n"]);
  return encodeModel(g.graph);
}

await textModule();
const { manifest, files } = await loadBundle(defaultBundle);
const { size } = manifest.encoder;
const graph = greedyGraph(decodeModel(files.decoderStep));
process.stdout.write(
  "| backend | loop outside | loop inside | loading the step | loading the loop |\n| --- | ---: | ---: | ---: | ---: |\n",
);
process.stdout.write(`${describeProcessor()}\n`);
for (const backend of ["wasm", "native"] as const) await compare(backend);
process.exit(0);

async function compare(backend: BackendName): Promise<void> {
  const loading = { step: [] as number[], loop: [] as number[] };
  for (let i = 0; i < 5; i++) {
    for (const [name, bytes] of [
      ["step", files.decoderStep],
      ["loop", graph],
    ] as const) {
      const started = performance.now();
      await using _ = await GraphSession.create(name, bytes, { backend });
      // The first run also starts the engine.
      if (i > 0) loading[name].push(performance.now() - started);
    }
  }
  await using encoder = await GraphSession.create("encoder", files.encoder, { backend });
  await using init = await GraphSession.create("decoder_init", files.decoderInit, { backend });
  await using step = await GraphSession.create("decoder_step", files.decoderStep, { backend });
  await using loop = await GraphSession.create("loop", graph, { backend });
  const bytes = new Uint8Array(await readFile(new URL("../../examples/china.jpg", import.meta.url)));
  const { rgb } = await decodeImage(bytes, { size });
  const { grid } = await encoder.run({ pixels: { data: encoderInput(rgb), shape: [1, size, size, 3] } });
  const options = { vocabulary: manifest.decoder.vocabulary, beams: 1, maxWords, minWords: 1, count: 1 };
  const times = { outside: [] as number[], inside: [] as number[] };
  for (let round = -3; round < Number(flags.rounds); round++) {
    const started = performance.now();
    const {
      captions: [caption],
    } = await generate({ init, step }, grid!, options);
    const between = performance.now();
    const { keys, values, hidden, cell } = await init.run({ grid: grid! });
    const { words } = await loop.run({ keys: keys!, values: values!, hidden: hidden!, cell: cell! });
    const ended = performance.now();
    const found = [...words!.data].filter((id) => id !== ids.end).join();
    if (found !== caption!.tokens.join())
      throw new Error(`The loop inside says ${found}, not ${caption!.tokens.join()}.`);
    if (round < 0) continue;
    times.outside.push(between - started);
    times.inside.push(ended - between);
  }
  const median = (values: readonly number[]) => `${quartiles(values).median.toFixed(1)} ms`;
  process.stdout.write(
    `| ${backend} | ${median(times.outside)} | ${median(times.inside)} | ${median(loading.step)} | ${median(loading.loop)} |\n`,
  );
}
