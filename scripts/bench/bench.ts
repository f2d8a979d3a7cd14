/**
 * Measures in one run how fast edgecap captions, on each of its backends, compared with bare onnxruntime in
 * JavaScript and Python, transformers.js, and the article's way. Writes docs/benchmarks.md with a chart.
 *
 * usage: bun run bench [--rounds 15] [--only encoder,caption,start,core] [--webgpu] [--python FILE] [--doc
 * docs/benchmarks.md]
 *
 * What is not installed is left out with a note. On first use, pip installs Python's onnxruntime into
 * .cache/bench-python (--python names another one that has it), and a model of vit-gpt2's shape with random weights is
 * written beside it (280 MB).
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { availableParallelism, loadavg, release } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import packages from "../../package.json" with { type: "json" };
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { load } from "../../src/mod.ts";
import { describeProcessor } from "../../src/platform/processor.ts";
import { examplePictures } from "./example_pictures.ts";
import { benchChart, benchDocument } from "./report.ts";
import { captionRunners, coreRunner, encoderRunners, encoders, startRunners } from "./runners.ts";
import { type Measured, type Runner, takeTurns } from "./take_turns.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    only: { type: "string", default: "encoder,caption,start,core" },
    webgpu: { type: "boolean", default: false },
    python: { type: "string" },
    doc: { type: "string", default: join(root, "docs/benchmarks.md") },
  },
});
const rounds = Number(flags.rounds);
const wanted = flags.only.split(",");
const notes: string[] = [];
const note = (text: string) => void notes.push(text);
const options = { python: flags.python, webgpu: flags.webgpu, note };
if (!flags.webgpu) {
  note(
    "`webgpu` was left out: without a graphics processor, software adapters are about 50 times slower. `--webgpu` includes it.",
  );
}

const before = loadavg()[0]!;
const words = await meanWords();
const encoder = await section("encoder", () => {
  makeFloatEncoder();
  return encoderRunners(options);
});
const caption = await section("caption", () => captionRunners(words, options));
const start = await section("start", () => startRunners(note));
const core = await section("core", () => [coreRunner]);
const results = {
  ...{ encoder, caption, start, core, rounds, words, notes },
  command: `bun run bench${["rounds", "only"].map((name) => argument(name)).join("")}${flags.webgpu ? " --webgpu" : ""}`,
  machine: `${describeProcessor()}, ${availableParallelism()} cores, ${process.platform} ${release()}`,
  cores: availableParallelism(),
  load: [before, loadavg()[0]!] as const,
  versions: versions(),
};
const chart = join(dirname(flags.doc), "images/benchmarks.svg");
await mkdir(dirname(chart), { recursive: true });
await writeAtomically(chart, await benchChart(results));
await writeAtomically(flags.doc, benchDocument(results));
process.stdout.write(`Wrote ${flags.doc} and ${chart}.\n`);

/** An argument as given; `undefined` if it is the default. */
function argument(name: string): string {
  const place = process.argv.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return place < 0 ? "" : ` --${name} ${flags[name as "rounds" | "only"]}`;
}

async function section(name: string, runners: () => Runner[]): Promise<Measured[]> {
  if (!wanted.includes(name)) return [];
  process.stderr.write(`${name}...\n`);
  return await takeTurns(runners(), rounds, note);
}

/** Mean words of the default bundle's captions of the pictures in examples/, rounded. */
async function meanWords(): Promise<number> {
  await using captioner = await load({ backend: "wasm" });
  const lengths: number[] = [];
  for (const file of examplePictures) {
    lengths.push((await captioner.caption(new Uint8Array(await readFile(file)))).words.length);
  }
  return Math.round(lengths.reduce((sum, length) => sum + length, 0) / lengths.length);
}

function makeFloatEncoder(): void {
  if (existsSync(encoders.fp32)) return;
  const script = join(root, "scripts/model/encoder.ts");
  const made = spawnSync(process.execPath, [script, "--precision", "fp32", "--out", encoders.fp32]);
  if (made.status !== 0)
    throw new Error(`The fp32 encoder for the comparison cannot be made: ${made.stderr.toString()}`);
}

function versions(): string {
  const known: Readonly<Record<string, string>> = { ...packages.dependencies, ...packages.devDependencies };
  const listed = ["onnxruntime-web", "onnxruntime-node", "@huggingface/transformers", "deno"];
  return [`Bun ${Bun.version}`, ...listed.map((name) => `${name} ${known[name] ?? "of another place"}`)].join(", ");
}
