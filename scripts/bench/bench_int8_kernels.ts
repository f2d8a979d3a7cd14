/**
 * Compares the kernels of crates/engine with onnxruntime-web on Bun, Deno and Node, one runtime after the other, and
 * prints the tables of docs/engine_measurement.md.
 *
 * usage: bun scripts/bench/bench_int8_kernels.ts [--rounds 21] [--node PROGRAM ...] [--json FILE]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeAtomically } from "../../src/files/atomic_write.ts";

type Milliseconds = Readonly<Record<"clock" | "processor", number>>;
type Named<T> = Readonly<Record<string, T>>;
interface Layer {
  readonly shape: string;
  readonly count: number;
  readonly macs: number;
  readonly times: Named<Milliseconds>;
  /** Medians of the rounds' ratios to onnxruntime-web. */
  readonly ratios: Named<Milliseconds>;
}
interface Result {
  readonly relaxed: boolean;
  readonly kernels: readonly string[];
  readonly cached: Named<number>;
  readonly encoder: {
    readonly features: number;
    readonly differing: Named<number>;
    readonly times: Named<Milliseconds>;
    readonly ratios: Named<Milliseconds>;
  };
  readonly layers: readonly Layer[];
  readonly others: Named<Milliseconds>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "21" },
    node: { type: "string", multiple: true, default: ["node"] },
    json: { type: "string" },
  },
});
const scratch = join(root, ".cache/int8_kernels");
mkdirSync(scratch, { recursive: true });
// Node takes no TypeScript before version 22.18: every runtime gets the same JavaScript.
const built = await Bun.build({
  entrypoints: [join(root, "scripts/bench/run_int8_kernels.ts")],
  outdir: scratch,
  target: "node",
  packages: "external",
  naming: "run.mjs",
});
if (!built.success) throw new AggregateError(built.logs, "The runner does not build.");

const version = (program: string) =>
  spawnSync(program, ["--version"], { encoding: "utf8" })
    .stdout.split("\n")[0]!
    .replace(/^(?:deno )?v?/, "")
    .split(" ")[0];
const runtimes: [string, string[]][] = [
  [`Bun ${version(process.execPath)}`, [process.execPath]],
  [`Deno ${version("deno")}`, ["deno", "run", "-A", "--no-check"]],
  ...values.node.map((node): [string, string[]] => [`Node ${version(node)}`, [node]]),
];
const results: [string, Result][] = [];
for (const [name, [program, ...args]] of runtimes) {
  const run = [join(scratch, "run.mjs"), join(root, "crates/engine/pkg"), join(root, "models/default/encoder.onnx")];
  const { stdout, stderr, status } = spawnSync(program!, [...args, ...run, values.rounds], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
  results.push([name, JSON.parse(stdout)]);
  console.error(`${name}: done`);
}
rmSync(scratch, { recursive: true });
if (values.json !== undefined)
  await writeAtomically(values.json, `${JSON.stringify(Object.fromEntries(results), null, 2)}\n`);

const row = (...cells: (string | number)[]) => console.log(`| ${cells.join(" | ")} |`);
const kinds = ["dot16", "split", "direct"];
const number = (value: number | undefined, digits: number) => value?.toFixed(digits) ?? "";
/** The fastest of a kernel's heights of tiles. */
const fastest = (named: Named<number>, kind: string) => {
  const own = Object.entries(named)
    .filter(([name]) => name.startsWith(`${kind} `))
    .map(([, value]) => value);
  return own.length === 0 ? undefined : Math.max(...own);
};

console.log("\nOperands in the first cache, GMAC/s\n");
row("runtime", ...kinds);
row("---", ...kinds.map(() => "---:"));
for (const [name, { cached }] of results) row(name, ...kinds.map((kind) => number(fastest(cached, kind), 1)));

for (const part of ["processor", "clock"] as const) {
  console.log(`\nThe encoder, milliseconds (${part}), and ratio to onnxruntime-web\n`);
  row("runtime", "onnxruntime-web", ...kinds.flatMap((kind) => [kind, "ratio"]));
  row("---", "---:", ...kinds.flatMap(() => ["---:", "---:"]));
  for (const [name, { encoder }] of results) {
    row(
      name,
      number(encoder.times["onnxruntime-web"]![part], 0),
      ...kinds.flatMap((kind) => [number(encoder.times[kind]?.[part], 0), number(encoder.ratios[kind]?.[part], 2)]),
    );
  }
}

const reference = "onnxruntime-web";
/** The kernel that an engine would choose on a runtime. */
const chosen = ({ kernels }: Result) => (kernels.includes("direct") ? "direct" : "dot16");

console.log("\nLayer by layer: milliseconds of the processor for one layer, and ratio to onnxruntime-web\n");
row(
  "layer",
  "count",
  "MMAC",
  ...results.flatMap(([name, result]) => [`${name}: ${reference}`, chosen(result), "ratio"]),
);
row("---", ...["---:", "---:"], ...results.flatMap(() => ["---:", "---:", "---:"]));
/** The time of each runtime for some layers, times their number; ratios are weighted by onnxruntime-web's time. */
const cells = (keep: (layer: Layer) => number) =>
  results.flatMap(([, result]) => {
    const sum = (value: (layer: Layer) => number) =>
      result.layers.reduce((total, layer) => total + keep(layer) * value(layer), 0);
    const kind = chosen(result);
    const own = sum(({ times }) => times[kind]!.processor);
    const other = sum(({ times }) => times[reference]!.processor);
    const weighted = sum(({ times, ratios }) => times[reference]!.processor * ratios[kind]!.processor);
    return [number(other, 2), number(own, 2), number(weighted / other, 2)];
  });
const first = results[0]!;
for (const { shape, count, macs } of first[1].layers)
  row(shape, count, number(macs / 1e6, 0), ...cells((layer) => (layer.shape === shape ? 1 : 0)));
for (const [title, keep] of [
  ["all 1x1", /^1x1/],
  ["all 3x3", /^3x3/],
  ["all convolutions", /./],
] as const) {
  const times = (layer: Layer) => (keep.test(layer.shape) ? layer.count : 0);
  const total = (value: (layer: Layer) => number) =>
    first[1].layers.reduce((sum, layer) => sum + times(layer) * value(layer), 0);
  row(
    `**${title}**`,
    total(() => 1),
    number(total(({ macs }) => macs) / 1e6, 0),
    ...cells(times),
  );
}
console.log();
for (const [name, { encoder, others }] of results) {
  const rest = Object.entries(others).map(([kernel, ms]) => `${kernel} ${number(ms.processor, 1)} ms`);
  console.log(
    `- ${name}: additions and pooling ${rest.join(", ")}; of ${encoder.features} features, those that differ:`,
  );
  console.log(`  ${JSON.stringify(encoder.differing)}.`);
}
