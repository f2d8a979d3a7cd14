/**
 * Checks that no library that edgecap loads sends telemetry. Processes run under strace in an empty network namespace.
 * They must not connect, look up names, or write the files of onnxruntime's telemetry.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { probeBackend } from "../../src/model/choose_backend.ts";
import { trainArgs, writeTinyBundle } from "../cli/edgecap.ts";
import { tinyPhotos } from "../fixtures/tiny_photos.ts";
import { writeTinyTransformers } from "../fixtures/tiny_transformers.ts";
import { testUnless } from "../skip.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/cli/main.ts");
const coffee = join(root, "examples/coffee.jpg");
const alone = ["unshare", "--map-root-user", "--net"];
const strace = ["strace", "--seccomp-bpf", "-f", "-qq", "-e", "trace=connect,openat,open,mkdir,mkdirat"];

const isTraced = spawnSync(alone[0]!, [...alone.slice(1), ...strace, "-o", "/dev/null", "true"]).status === 0;
const hasNative = (await probeBackend("native")).problem === undefined;
const noTraces = isTraced ? undefined : "no strace, or no unshare with the right to make a network namespace";
const missing = hasNative ? noTraces : "onnxruntime-node does not load";
const noNode = Bun.which("node") === null ? "no Node is on the PATH" : undefined;

let folder = "";

/** The system calls of a process that was started in an empty network, with an empty home. */
function traced(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const home = mkdtempSync(join(folder, "home-"));
  const log = join(home, "strace.log");
  // The library itself sends nothing if it detects continuous integration.
  const { ORT_DISABLE_TELEMETRY: _, CI: __, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(alone[0]!, [...alone.slice(1), ...strace, "-o", log, ...command], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...inherited,
      ...{ HOME: home, XDG_CACHE_HOME: join(home, ".cache"), EDGECAP_CACHE: join(home, "edgecap"), NO_COLOR: "1" },
      // Deno looks for a newer version of itself.
      DENO_NO_UPDATE_CHECK: "1",
      ...env,
    },
  });
  const lines = readFileSync(log, "utf8").split("\n");
  const having = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
  return {
    ...{ status, stdout, stderr },
    // Where threads interrupt each other, strace writes the result of a call on a later line.
    loaded: having(/libonnxruntime\.so.*(?:= \d+|<unfinished \.\.\.>)$/).length > 0,
    network: having(/AF_INET|nscd\/socket|\/etc\/(?:resolv\.conf|hosts|nsswitch\.conf)"/),
    telemetry: [
      ...having(/DeveloperTools/),
      ...globSync("**/{Microsoft,DeveloperTools}", { cwd: home, exclude: (name) => name === "edgecap" }),
    ],
  };
}

function expectQuiet(command: readonly string[], env?: Readonly<Record<string, string>>): string {
  const { status, stdout, stderr, loaded, network, telemetry } = traced(command, env);
  expect([status, loaded, network, telemetry, status === 0 ? "" : stderr]).toEqual([0, true, [], [], ""]);
  return stdout;
}

const edgecap = (...args: readonly string[]) => [process.execPath, main, ...args];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-telemetry-"));
  await writeTinyBundle(join(folder, "tiny"));
  mkdirSync(join(folder, "photos"));
  for (const name of ["a.jpg", "b.jpg"]) copyFileSync(coffee, join(folder, "photos", name));
  writeFileSync(
    join(folder, "bare.mjs"),
    `const ort = await import(${JSON.stringify(join(root, "node_modules/onnxruntime-node/dist/index.js"))});
await ort.default.InferenceSession.create(new Uint8Array(process.argv.slice(2).map(Number))).catch(() => {});`,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("telemetry", () => {
  testUnless(missing ?? noNode, "of the library without edgecap is noticed by these tests", () => {
    const { loaded, telemetry } = traced(["node", "bare.mjs"]);
    expect(loaded).toBe(true);
    expect(telemetry.length).toBeGreaterThan(0);
  });

  testUnless(missing, "is off for a caption by auto and by name", () => {
    expect(expectQuiet(edgecap("caption", coffee)).split("\n").length).toBe(2);
    expectQuiet(edgecap("caption", "--backend", "native", "--bundle", "tiny", coffee));
  });

  testUnless(missing, "is off in the threads of a batch, and for doctor", () => {
    expectQuiet(edgecap("batch", "photos", "--out", "out.jsonl", "--backend", "native", "--bundle", "tiny"));
    expectQuiet(edgecap("doctor", "--json", "--bundle", "tiny"));
  });

  testUnless(missing, "is off for watch and the server, and their packages send nothing either", () => {
    expectQuiet(edgecap("watch", "photos", "--write", "json", "--once", "--backend", "native", "--bundle", "tiny"));
    const server = edgecap("serve", "--port", "0", "--workers", "1", "--backend", "native", "--bundle", "tiny");
    // It ends by itself once it is asked to, so that its status says whether it ran. Without --foreground, timeout asks
    // twice, and the second time ends the server at once.
    expectQuiet(["timeout", "--foreground", "--signal=TERM", "--preserve-status", "15", ...server]);
  });

  testUnless(missing, "is off for training", async () => {
    const photos = await tinyPhotos(join(folder, "train"), 12);
    const args = trainArgs(photos, join(folder, "run"), ["--epochs", "1", "--self-critical-epochs", "0"]);
    expectQuiet(edgecap(...args));
  });

  testUnless(missing, "is off for transformers.js, which brings the library too", async () => {
    const model = join(folder, "model");
    await writeTinyTransformers(model);
    expectQuiet(edgecap("caption", "--bundle", `transformers:${model}`, coffee));
  });

  testUnless(missing, "is off for benchmarks", () => {
    const script = join(root, "scripts/bench/run_encoder.ts");
    const encoder = globSync("tiny/*encoder*.onnx", { cwd: folder })[0]!;
    expectQuiet([process.execPath, script, "bare-node", join(folder, encoder), "1"]);
  });

  testUnless(missing ?? noNode, "is off on Deno and on Node", async () => {
    const deno = [join(root, "node_modules/.bin/deno"), "run", "-A", "--no-check", main];
    expectQuiet([...deno, "caption", "--backend", "native", "--bundle", "tiny", coffee]);
    const entry = join(folder, "node.mjs");
    const built = await Bun.build({
      entrypoints: [join(root, "src/runtime/native.ts")],
      target: "node",
      external: ["onnxruntime-node", "webgpu"],
    });
    // The folder is beside node_modules, where Node looks for the package.
    const module = join(root, "node_modules", `.edgecap-native-${process.pid}.mjs`);
    writeFileSync(module, await built.outputs[0]!.text());
    try {
      writeFileSync(entry, `import { openNative } from ${JSON.stringify(module)};\nawait openNative();`);
      expectQuiet(["node", entry]);
      const worker = `import { isMainThread, Worker } from "node:worker_threads";
import { openNative } from ${JSON.stringify(module)};
if (isMainThread) new Worker(new URL(import.meta.url)).on("message", (code) => console.log(code));
else (await import("node:worker_threads")).parentPort.postMessage(await openNative().then(() => "opened", ({ code }) => code));`;
      writeFileSync(entry, worker);
      // A worker of Node cannot set the variable: the library is not loaded rather than loaded with telemetry.
      const refused = traced(["node", entry]);
      expect([refused.stdout, refused.loaded, refused.telemetry]).toEqual(["backend-unavailable\n", false, []]);
      expect(expectQuiet(["node", entry], { ORT_DISABLE_TELEMETRY: "1" })).toBe("opened\n");
    } finally {
      rmSync(module);
    }
  });

  testUnless(missing, "stays on if the user says so", () => {
    const { status, telemetry } = traced(edgecap("caption", "--backend", "native", "--bundle", "tiny", coffee), {
      ORT_DISABLE_TELEMETRY: "0",
    });
    expect(status).toBe(0);
    expect(telemetry.length).toBeGreaterThan(0);
  });
});
