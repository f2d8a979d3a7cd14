/** The backend `rust` in a separate process, which shows what it loads. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Loads a bundle, captions a picture, and prints the caption and the size of the largest WebAssembly module. */
const script = (change: string) => `
  let largest = 0;
  for (const name of ["compile", "instantiate", "validate"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = (bytes, ...rest) => {
      largest = Math.max(largest, bytes.byteLength ?? 0);
      return original.call(WebAssembly, bytes, ...rest);
    };
  }
  const { openGraphs } = await import(${JSON.stringify(file("src/model/choose_backend.ts"))});
  const { loadBundle, defaultBundle } = await import(${JSON.stringify(file("src/bundle/load_bundle.ts"))});
  const { runSelfTest } = await import(${JSON.stringify(file("src/model/stored_answer.ts"))});
  const { manifest, files } = await loadBundle(defaultBundle);
  ${change}
  await using graphs = await openGraphs(files, "rust", { threads: 1 });
  const { passed } = await runSelfTest(graphs, manifest, manifest.selfTest);
  console.log(JSON.stringify({ passed, large: largest > 5e6 }));
`;

function run(change = ""): unknown {
  const cache = mkdtempSync(join(tmpdir(), "edgecap-rust-alone-"));
  try {
    const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script(change)], {
      env: { ...process.env, EDGECAP_CACHE: cache },
    });
    try {
      return JSON.parse(stdout.toString());
    } catch {
      throw new Error(stderr.toString());
    }
  } finally {
    rmSync(cache, { recursive: true });
  }
}

describe("the backend rust", () => {
  test("captions without the module of onnxruntime-web", () => {
    expect(run()).toEqual({ passed: true, large: false });
  });

  test("leaves a decoder that it does not run to onnxruntime-web", () => {
    const change = `
      const { decodeModel } = await import(${JSON.stringify(file("src/export/onnx_proto.ts"))});
      const { encodeModel } = await import(${JSON.stringify(file("src/export/mod.ts"))});
      const graph = decodeModel(files.decoderStep);
      const tanh = graph.nodes.find(({ op }) => op === "Tanh");
      graph.nodes.splice(graph.nodes.indexOf(tanh), 0, { ...tanh, name: "same", op: "Identity", outputs: ["same"] });
      tanh.inputs = ["same"];
      files.decoderStep = encodeModel(graph);
    `;
    expect(run(change)).toEqual({ passed: true, large: true });
  });
});
