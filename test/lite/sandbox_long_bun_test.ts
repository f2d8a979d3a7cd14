/** edgecap/lite as one script, in sandboxes that are as restricted as edge workers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Caption, load } from "../../src/mod.ts";
import { supportedNode } from "../fixtures/installed_package.ts";
import { testUnless } from "../skip.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const deno = join(root, "node_modules/deno/deno");
const node = supportedNode();
const noNode = node === undefined ? "no Node that the package supports is here" : undefined;
const photo = join(root, "examples/chelsea.jpg");

/** Files that the sandbox gets, by the name that the program asks for. */
const files: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["manifest.json", "encoder.onnx", "decoder_init.onnx", "decoder_step.onnx", "vocabulary.txt"]
      .concat("datastore.safetensors", "concepts.txt")
      .map((name) => [name, join(root, "models/default", name)]),
  ),
  "text.wasm": join(root, "crates/text/pkg/edgecap_text_bg.wasm"),
  "image.wasm": join(root, "crates/image/pkg/edgecap_image_bg.wasm"),
  "engine_relaxed.wasm": join(root, "crates/engine/pkg/relaxed.wasm"),
  "engine_dot16.wasm": join(root, "crates/engine/pkg/dot16.wasm"),
  "photo.jpg": photo,
};

let folder: string;
let expected: Caption;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-sandbox-"));
  await using captioner = await load({ backend: "rust" });
  expected = await captioner.caption(photo, { beams: 3 });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Compares with the library's caption on Bun: runtimes round the decoder's sums in different ways. */
function expectSame(json: string): void {
  const found = JSON.parse(json) as Caption;
  expect(found.caption).toBe(expected.caption);
  expect(found.concepts.map(({ name }) => name)).toEqual(expected.concepts.map(({ name }) => name));
  expect(found.logProbability).toBeCloseTo(expected.logProbability, 3);
  expect(found.confidence).toBeCloseTo(expected.confidence!, 3);
}

/** Bundles a program into one script; esbuild fails on an import that it cannot resolve or that is Node's. */
async function bundled(contents: string, format: "esm" | "iife"): Promise<{ text: string; imports: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: join(root, "test/lite"), loader: "ts" },
    ...{ bundle: true, minify: true, write: false, metafile: true, format, globalName: "program" },
    ...{ platform: "neutral", target: "es2022", logLevel: "silent" },
  });
  const imports = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return { text: outputFiles[0]!.text, imports };
}

describe("edgecap/lite", () => {
  test("is one script without an import", async () => {
    const { text, imports } = await bundled('export * from "../../src/lite/mod.ts";', "esm");
    expect(imports).toEqual([]);
    expect(text).not.toMatch(/\beval\(|new Function|\bimport\(|[^.]\brequire\("|\bprocess\b|node:/);
  });

  test("captions on Deno without any permission, without code from strings", async () => {
    // Everything comes through standard input: name, length and bytes of each file.
    const program = `
      import { captionOf } from "./sandbox_program.ts";
      declare const Deno: {
        stdin: { readable: ReadableStream<Uint8Array> };
        permissions: { querySync(what: object): { state: string } };
      };
      for (const name of ["read", "write", "net", "env", "run", "sys", "ffi"])
        if (Deno.permissions.querySync({ name }).state === "granted") throw new Error("granted: " + name);
      let refused = false;
      try { new Function("return 1"); } catch { refused = true; }
      if (!refused) throw new Error("code from strings is allowed");
      const files = new Map<string, Uint8Array>();
      {
        const reader = Deno.stdin.readable.getReader();
        let rest = new Uint8Array();
        const take = async (length: number) => {
          const whole = new Uint8Array(length);
          let at = 0;
          while (at < length) {
            if (rest.length === 0) rest = (await reader.read()).value as Uint8Array<ArrayBuffer>;
            const part = rest.subarray(0, length - at);
            whole.set(part, at);
            at += part.length;
            rest = rest.subarray(part.length);
          }
          return whole;
        };
        for (;;) {
          const [names, length] = new Uint32Array((await take(8)).buffer);
          if (names === 0) break;
          files.set(new TextDecoder().decode(await take(names!)), await take(length!));
        }
      }
      const give = async (name: string) => {
        const bytes = files.get(name)!;
        files.delete(name);
        return new Response(bytes as Uint8Array<ArrayBuffer>);
      };
      const module = (name: string) => async () => await (await give(name)).arrayBuffer();
      console.log(await captionOf(give, module, (await (await give("photo.jpg")).blob())));
    `;
    const script = join(folder, "worker.mjs");
    writeFileSync(script, (await bundled(program, "esm")).text);
    const args = ["run", "--no-prompt", "--v8-flags=--disallow-code-generation-from-strings", script];
    const child = Bun.spawn([deno, ...args], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    const errors = new Response(child.stderr).text();
    for (const [name, path] of Object.entries(files)) {
      const bytes = readFileSync(path);
      child.stdin.write(new Uint8Array(new Uint32Array([name.length, bytes.length]).buffer));
      child.stdin.write(name);
      child.stdin.write(bytes);
      await child.stdin.flush();
    }
    child.stdin.write(new Uint8Array(8));
    await child.stdin.end();
    const said = (await new Response(child.stdout).text()).trim();
    expect([await child.exited, await errors]).toEqual([0, ""]);
    expectSame(said);
  });

  testUnless(noNode, "captions where WebAssembly is compiled beforehand, and nothing of Node is there", async () => {
    const { text } = await bundled('export * from "./sandbox_program.ts";', "iife");
    writeFileSync(join(folder, "program.js"), text);
    // As in an edge worker: modules are imported compiled, and the script may not compile any.
    const host = `
      import { readFileSync } from "node:fs";
      import { createContext, runInContext } from "node:vm";
      const files = ${JSON.stringify(files)};
      const no = () => { throw new Error("compiling is not allowed here"); };
      const { Module, Instance, Memory, Table, Global, RuntimeError } = WebAssembly;
      const narrow = { Module, Instance, Memory, Table, Global, RuntimeError, compile: no, instantiate: no };
      const sandbox = { WebAssembly: narrow, TextDecoder, TextEncoder, URL, Response, Blob, AbortController, AbortSignal,
        DOMException, crypto, performance, fetch: no, queueMicrotask, setTimeout, clearTimeout };
      // Workers have these symbols; a new context of this Node lacks them.
      const symbols = "for (const name of ['dispose', 'asyncDispose']) Symbol[name] ??= Symbol(name);";
      const context = createContext(sandbox, { codeGeneration: { strings: false, wasm: false } });
      runInContext(symbols, context);
      const program = runInContext(readFileSync("program.js", "utf8") + ";program", context);
      const read = async (name) => new Response(readFileSync(files[name]));
      const module = (name) => {
        // This Node may refuse relaxed SIMD.
        const bytes = readFileSync(files[name]);
        return WebAssembly.validate(bytes) ? new Module(bytes) : undefined;
      };
      console.log(await program.captionOf(read, module, readFileSync(files["photo.jpg"])));
    `;
    writeFileSync(join(folder, "host.mjs"), host);
    const { stdout, stderr, exitCode } = Bun.spawnSync([node!, "host.mjs"], { cwd: folder });
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    expectSame(stdout.toString());
  });
});
