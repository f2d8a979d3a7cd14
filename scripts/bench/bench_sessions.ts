/**
 * Measures the effect of session options and of the model's format on `wasm`, each in its own process, in interleaved
 * rounds.
 *
 * usage: bun scripts/bench/bench_sessions.ts [--rounds 5] [--bundle DIR]
 *
 * Prints for each variant the median milliseconds to load the encoder (including onnxruntime's start) and of an
 * inference, and the size of the loaded file.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-web";
import { testPicture } from "../../src/model/self_test.ts";
import { describeProcessor } from "../../src/platform/processor.ts";
import { optimiseGraph } from "../model/optimise_graph.ts";
import { quartiles } from "./quartiles.ts";

/** Forms of a graph. */
type Form = "plain" | "optimised" | "ort";

/** Session options of each variant, and `file` if it loads another form of the graph. */
const variants: Readonly<Record<string, { readonly file?: Form; readonly options: object }>> = {
  "as it is": { options: { graphOptimizationLevel: "all" } },
  "no arena": { options: { graphOptimizationLevel: "all", enableCpuMemArena: false } },
  "no memory pattern": { options: { graphOptimizationLevel: "all", enableMemPattern: false } },
  "basic optimisation": { options: { graphOptimizationLevel: "basic" } },
  "no optimisation": { options: { graphOptimizationLevel: "disabled" } },
  "optimised before": { file: "optimised", options: { graphOptimizationLevel: "disabled" } },
  "optimised before, all": { file: "optimised", options: { graphOptimizationLevel: "all" } },
  ".ort": { file: "ort", options: { graphOptimizationLevel: "all" } },
  ".ort, bytes used in place": {
    file: "ort",
    options: { graphOptimizationLevel: "all", extra: { session: { use_ort_model_bytes_directly: "1" } } },
  },
  "no prepacking": { options: { graphOptimizationLevel: "all", extra: { session: { disable_prepacking: "1" } } } },
};

async function measure(name: string, path: string): Promise<void> {
  const bytes = readFileSync(path);
  const started = performance.now();
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["wasm"],
    ...variants[name]!.options,
  });
  const loaded = performance.now();
  const pixels = new ort.Tensor("float32", new Float32Array(testPicture(0, 224)), [1, 224, 224, 3]);
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    const before = performance.now();
    await session.run({ pixels });
    times.push(performance.now() - before);
  }
  process.stdout.write(JSON.stringify({ load: loaded - started, run: Math.min(...times) }));
  process.exit(0);
}

const { values: flags, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, bundle: { type: "string" } },
  allowPositionals: true,
});
if (positionals.length === 2) await measure(positionals[0]!, positionals[1]!);
const bundle = flags.bundle ?? fileURLToPath(new URL("../../models/default", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "edgecap-sessions-"));
try {
  const files: Readonly<Record<Form, string>> = {
    plain: join(bundle, "encoder.onnx"),
    optimised: join(scratch, "optimised.onnx"),
    ort: join(scratch, "optimised.ort"),
  };
  await optimiseGraph(files.plain, files.optimised);
  await optimiseGraph(files.plain, files.ort, "ORT");
  const found = new Map<string, { load: number[]; run: number[] }>();
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const [name, { file }] of Object.entries(variants)) {
      const path = files[file ?? "plain"];
      const { stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name, path], {
        encoding: "utf8",
      });
      if (stdout === "") throw new Error(`${name}: ${stderr}`);
      const { load, run } = JSON.parse(stdout) as { load: number; run: number };
      const kept = found.get(name) ?? { load: [], run: [] };
      kept.load.push(load);
      kept.run.push(run);
      found.set(name, kept);
    }
  }
  console.log(`${describeProcessor()}\n`);
  for (const [name, { load, run }] of found) {
    const bytes = statSync(files[variants[name]!.file ?? "plain"]).size;
    console.log(
      `${name.padEnd(26)} load ${quartiles(load).median.toFixed(0).padStart(5)} ms   run ${quartiles(run).median.toFixed(0).padStart(5)} ms   ${(bytes / 1e6).toFixed(1)} MB`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true });
}
