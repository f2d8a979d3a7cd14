import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import { sha256Hex } from "../../src/bundle/sha256.ts";
import { shareFiles } from "../build/share_files.ts";
import { optimiseGraph } from "./optimise_graph.ts";

/**
 * Replacements for some files of an executable's bundles: the encoder as onnxruntime's optimiser writes it, which loads
 * 0.1 s sooner, and manifests that name it. Bundles elsewhere keep the plain one, as they are for every version and
 * backend; an executable has one version inside, and WebAssembly alone. The decoder would double in size.
 *
 * @returns Contents by their paths under models/.
 */
export async function optimisedBundles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const [plain, plainFast] = await Promise.all([loadBundle("default"), loadBundle("fast")]);
  const encoder = await optimised(plain.files.encoder);
  const entry = { ...plain.manifest.files.encoder, bytes: encoder.length, sha256: await sha256Hex(encoder) };
  const whole: Bundle = {
    ...plain,
    manifest: { ...plain.manifest, files: { ...plain.manifest.files, encoder: entry } },
    files: { ...plain.files, encoder },
  };
  const fastFiles = { ...plainFast.files, encoder: await optimised(plainFast.files.encoder) };
  const fast = { ...plainFast.manifest, files: shareFiles(fastFiles, "default", whole) };
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  return new Map([
    ["default/encoder.onnx", encoder],
    ["default/manifest.json", json(whole.manifest)],
    ["fast/manifest.json", json(fast)],
  ]);
}

/** The bytes of a graph as {@linkcode optimiseGraph} leaves it. */
async function optimised(graph: Uint8Array): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-optimised-"));
  try {
    const [path, out] = [join(folder, "graph.onnx"), join(folder, "optimised.onnx")];
    await writeFile(path, graph);
    await optimiseGraph(path, out);
    return new Uint8Array(await readFile(out));
  } finally {
    await rm(folder, { recursive: true });
  }
}
