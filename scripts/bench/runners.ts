import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Runner } from "./take_turns.ts";
import { writeVitGpt2 } from "./vit_gpt2.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const photo = join(root, "examples/chelsea.jpg");

/** The default bundle's encoder, and the same in float32. */
export const encoders = {
  int8: join(root, "models/default/encoder.onnx"),
  fp32: join(root, ".cache/encoder/encoder-fp32-224.onnx"),
} as const;

/** What decides which runners there are. */
export interface RunnerOptions {
  /** A Python to use, which has onnxruntime; default: one that is made in .cache. */
  readonly python?: string | undefined;
  readonly webgpu: boolean;
  /** Called with what is not available. */
  readonly note: (text: string) => void;
}

const threadsOf = (threads: number) => `${threads} thread${threads === 1 ? "" : "s"}`;

/** The encoder alone, on every backend and on bare onnxruntime. */
export function encoderRunners({ python, webgpu, note }: RunnerOptions): Runner[] {
  const interpreter = python ?? pythonWithOnnxruntime(note);
  const script = (runtime: string, file: string, threads: number) => [
    process.execPath,
    here("run_encoder.ts"),
    runtime,
    file,
    String(threads),
  ];
  const list: Runner[] = [];
  for (const [precision, file] of Object.entries(encoders)) {
    for (const threads of [1, 2]) {
      const named = (what: string) => `${what}, ${precision}, ${threadsOf(threads)}`;
      list.push(
        { name: named("edgecap wasm"), command: script("wasm", file, threads) },
        { name: named("onnxruntime-web"), command: script("bare-web", file, threads) },
        { name: named("edgecap native"), command: script("native", file, threads) },
        { name: named("onnxruntime-node"), command: script("bare-node", file, threads) },
      );
      if (interpreter !== undefined) {
        list.push({ name: named("Python"), command: [interpreter, here("run_encoder.py"), file, String(threads)] });
      }
    }
  }
  list.push({ name: "edgecap rust, int8, 1 thread", command: script("rust", encoders.int8, 1) });
  if (webgpu) list.push({ name: "edgecap webgpu, fp32", command: script("webgpu", encoders.fp32, 1) });
  return list;
}

/**
 * Bytes to sentence: edgecap's backends, greedy, with five beams and with the default bundle's ten, and other ways to
 * caption.
 *
 * @param words Words that models of random weights write.
 */
export function captionRunners(words: number, { webgpu }: RunnerOptions): Runner[] {
  const vitGpt2 = join(root, ".cache/bench/vit-gpt2");
  if (!existsSync(join(vitGpt2, "onnx/decoder_model_merged_quantized.onnx"))) writeVitGpt2(vitGpt2);
  const bun = (file: string, ...args: readonly (string | number)[]) => [
    process.execPath,
    here(file),
    ...args.map(String),
  ];
  const edgecap = (backend: string, threads: number, beams: number): Runner => ({
    name: `edgecap ${backend}, ${beams === 1 ? "greedy" : `${beams} beams`}${backend === "webgpu" ? "" : `, ${threadsOf(threads)}`}`,
    command: bun("run_captions.ts", backend, threads, beams),
  });
  const transformers = (backend: string): Runner => ({
    name: `transformers.js, vit-gpt2's shape, ${backend}, greedy, 1 thread`,
    command: bun("run_transformers.ts", vitGpt2, backend, 1, words),
  });
  const [fast] = ["models/fast"].map((folder) => join(root, folder)).filter((folder) => existsSync(folder));
  return [
    ...[1, 5].flatMap((beams) => [1, 2].map((threads) => edgecap("wasm", threads, beams))),
    ...["rust", "native"].flatMap((backend) => [1, 5].map((beams) => edgecap(backend, 1, beams))),
    ...["wasm", "rust", "native"].map((backend) => edgecap(backend, 1, 10)),
    ...(webgpu ? [edgecap("webgpu", 1, 5)] : []),
    ...(fast === undefined
      ? []
      : [
          {
            name: "edgecap wasm, bundle fast, 1 thread",
            command: bun("run_captions.ts", "wasm", 1, fastBeams(fast), fast),
          },
        ]),
    {
      name: "edgecap's model, prefix recomputed, wasm, greedy, 1 thread",
      command: bun("run_prefixes.ts", "attention", words),
    },
    {
      name: "the article's model, prefix recomputed, wasm, greedy, 1 thread",
      command: bun("run_prefixes.ts", "article", words),
    },
    transformers("wasm"),
    transformers("native"),
  ];
}

function fastBeams(folder: string): number {
  return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")).generation.beams;
}

/** From the start of a process to its first caption. */
export function startRunners(note: (text: string) => void): Runner[] {
  const environment = (backend: string) => ({ EDGECAP_BACKEND: backend, NO_COLOR: "1" });
  const source = join(root, "src/cli/main.ts");
  const deno = join(root, "node_modules/deno/deno");
  const executable = join(root, "dist/edgecap");
  const runners: Runner[] = [
    { name: "edgecap caption on Bun, wasm", command: [process.execPath, source, "caption", photo] },
    {
      name: "edgecap caption on Deno, wasm",
      command: [deno, "run", "--allow-all", "--no-check", source, "caption", photo],
    },
    { name: "the executable, wasm", command: [executable, "caption", photo] },
  ].map((runner) => ({ ...runner, whole: true, env: environment("wasm") }));
  for (const backend of ["rust", "native"]) {
    runners.push({
      name: `edgecap caption on Bun, ${backend}`,
      command: [process.execPath, source, "caption", photo],
      whole: true,
      env: environment(backend),
    });
  }
  return runners.filter(({ name, command }) => {
    const there = existsSync(command[0]!);
    if (!there)
      note(
        `${name} was left out: there is no ${command[0]!.slice(root.length)} ("bun run compile" makes the executable).`,
      );
    return there;
  });
}

/** The text crate, and the reference implementations in TypeScript. */
export const coreRunner: Runner = { name: "core", command: [process.execPath, here("run_text_crate.ts")] };

/** A Python with onnxruntime, installed on first use; `undefined` without Python or a registry. */
function pythonWithOnnxruntime(note: (text: string) => void): string | undefined {
  const folder = join(root, ".cache/bench-python");
  const python = join(folder, "bin/python");
  if (!existsSync(python)) spawnSync("python3", ["-m", "venv", folder]);
  const has = () => spawnSync(python, ["-c", "import onnxruntime"]).status === 0;
  if (!has()) spawnSync(python, ["-m", "pip", "install", "--quiet", "onnxruntime"]);
  if (has()) return python;
  note("onnxruntime in Python was left out: python3, its venv or the package could not be had.");
  return undefined;
}
