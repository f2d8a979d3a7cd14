/**
 * Compares the encoder on every backend with the same graph on bare onnxruntime, in interleaved rounds, and writes
 * docs/benchmarks.md with a chart.
 *
 * usage: bun run bench:backends [--rounds 15] [--doc docs/benchmarks.md]
 *
 * What is not there is left out with a note. Python's onnxruntime is put into .cache/bench-python by pip.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import packages from "../package.json" with { type: "json" };
import { writeWhole } from "../src/training/write_whole.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const int8 = join(root, "models/default/encoder.onnx");
const fp32 = join(root, ".cache/encoder/encoder-fp32-224.onnx");

interface Runner {
  readonly name: string;
  readonly command: readonly string[];
}

interface Result {
  readonly name: string;
  /** Milliseconds of an inference: the median, and the quartiles around it. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    doc: { type: "string", default: join(root, "docs/benchmarks.md") },
  },
});
const notes: string[] = [];
if (!existsSync(fp32)) {
  const made = spawnSync(process.execPath, [`${root}scripts/encoder.ts`, "--precision", "fp32", "--out", fp32]);
  if (made.status !== 0) throw new Error(`There is no fp32 encoder to compare with: ${made.stderr.toString()}`);
}
const results = await measure(runners(), Number(flags.rounds));
await writeDocument();

function runners(): Runner[] {
  const list: Runner[] = [];
  const python = pythonWithOnnxruntime();
  for (const [precision, file] of [
    ["int8", int8],
    ["fp32", fp32],
  ] as const) {
    for (const threads of ["1", "2"]) {
      const named = (what: string) => `${what}, ${precision}, ${threads} thread${threads === "1" ? "" : "s"}`;
      for (const [what, runtime] of [
        ["edgecap wasm", "wasm"],
        ["onnxruntime-web", "bare-web"],
        ["edgecap native", "native"],
        ["onnxruntime-node", "bare-node"],
      ] as const) {
        list.push({
          name: named(what),
          command: [process.execPath, `${root}scripts/bench_encoder.ts`, runtime, file, threads],
        });
      }
      if (python !== undefined) {
        list.push({ name: named("Python"), command: [python, `${root}scripts/bench_encoder.py`, file, threads] });
      }
    }
  }
  list.push({
    name: "edgecap webgpu, fp32",
    command: [process.execPath, `${root}scripts/bench_encoder.ts`, "webgpu", fp32, "1"],
  });
  return list;
}

/** A Python that has onnxruntime, made on first use; none where there is no Python or no registry. */
function pythonWithOnnxruntime(): string | undefined {
  const folder = join(root, ".cache/bench-python");
  const python = join(folder, "bin/python");
  if (!existsSync(python)) spawnSync("python3", ["-m", "venv", folder]);
  const has = () => spawnSync(python, ["-c", "import onnxruntime"]).status === 0;
  if (!has()) spawnSync(python, ["-m", "pip", "install", "--quiet", "onnxruntime"]);
  if (has()) return python;
  notes.push("onnxruntime in Python was left out: python3, its venv or the package could not be had.");
  return undefined;
}

async function measure(all: readonly Runner[], rounds: number): Promise<Result[]> {
  const running = all.map(({ name, command }) => {
    const child = Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
    const lines = createInterface({ input: Readable.fromWeb(child.stdout) })[Symbol.asyncIterator]();
    return { name, child, lines, times: [] as number[] };
  });
  const ready: typeof running = [];
  for (const runner of running) {
    const { done } = await runner.lines.next();
    if (done === true) notes.push(`${runner.name} was left out: it does not start here.`);
    else ready.push(runner);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { child, lines, times } of ready) {
      child.stdin.write("run\n");
      child.stdin.flush();
      times.push(Number((await lines.next()).value));
    }
  }
  for (const { child } of ready) child.kill();
  return ready.map(({ name, times }) => {
    const at = (share: number) => times.toSorted((a, b) => a - b)[Math.floor(share * (times.length - 1))]!;
    return { name, median: at(0.5), low: at(0.25), high: at(0.75) };
  });
}

/** How many times the first takes as long as the second. */
function ratio(first: string, second: string): string {
  const of = (name: string) => results.find((result) => result.name === name)?.median;
  const [a, b] = [of(first), of(second)];
  return a === undefined || b === undefined ? "not measured" : `${(a / b).toFixed(2)} times`;
}

async function writeDocument(): Promise<void> {
  const load = loadavg()[0]!;
  const busy = load > 2 + availableParallelism() * 0.5 ? " **Other work ran meanwhile: compare, do not quote.**" : "";
  const chart = join(dirname(flags.doc), "images/benchmarks.svg");
  await mkdir(dirname(chart), { recursive: true });
  const spec: TopLevelSpec = {
    data: { values: results.map((result) => ({ ...result })) },
    title: "Milliseconds of the encoder: medians and quartiles",
    width: 420,
    encoding: { y: { field: "name", type: "nominal", sort: null, title: null } },
    layer: [
      { mark: "bar", encoding: { x: { field: "median", type: "quantitative", title: "ms" } } },
      { mark: "rule", encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ],
  };
  await writeWhole(chart, await new vega.View(vega.parse(compile(spec).spec), { renderer: "none" }).toSVG());
  const versions = (["onnxruntime-web", "onnxruntime-node"] as const).map((name) => {
    const known: Readonly<Record<string, string>> = { ...packages.dependencies, ...packages.devDependencies };
    return `${name} ${known[name] ?? "of another place"}`;
  });
  await writeWhole(
    flags.doc,
    `# Benchmarks

Written by \`bun run bench:backends --rounds ${flags.rounds}\`: ResNet50 on a picture of 224 x 224, each runner in a process of its own, all
taking turns. Milliseconds, medians with the quartiles around them.

- ${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${process.platform} ${release()}; load average at the end ${load.toFixed(1)}.${busy}
- Bun ${Bun.version}, ${versions.join(", ")}.
${notes.map((note) => `- ${note}\n`).join("")}
![Medians of each runner](images/benchmarks.svg)

| encoder | median, ms | quartiles, ms |
| --- | ---: | ---: |
${results.map(({ name, median, low, high }) => `| ${name} | ${median.toFixed(1)} | ${low.toFixed(1)} to ${high.toFixed(1)} |`).join("\n")}

| aim | reached |
| --- | --- |
| int8 on wasm with two threads at most 1.5 times native fp32 with one | ${ratio("edgecap wasm, int8, 2 threads", "onnxruntime-node, fp32, 1 thread")} |
| \`native\` at most 1.05 times bare onnxruntime-node, fp32 | ${ratio("edgecap native, fp32, 1 thread", "onnxruntime-node, fp32, 1 thread")} |
| \`native\` at most 1.05 times bare onnxruntime-node, int8 | ${ratio("edgecap native, int8, 1 thread", "onnxruntime-node, int8, 1 thread")} |
| \`wasm\` beside bare onnxruntime-web, int8 | ${ratio("edgecap wasm, int8, 1 thread", "onnxruntime-web, int8, 1 thread")} |
`,
  );
  process.stdout.write(`Wrote ${flags.doc} and ${chart}.\n`);
}
