/** The packed package at work: on Bun, Deno and Node, as a library and as a command. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import { load } from "../src/mod.ts";
import type { DoctorReport } from "../src/model/doctor.ts";
import { codeBlocks } from "./code_blocks.ts";
import {
  denoAppOf,
  type InstalledPackage,
  installPackage,
  leastNode,
  oldest,
  run,
  supportedNode,
  versionOf,
} from "./fixtures/installed_package.ts";
import { answered, listening, stopped } from "./fixtures/listening.ts";
import { useOfThePackage } from "./fixtures/use_of_the_package.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const photo = join(root, "examples/china.jpg");
const use = useOfThePackage(photo);
const bun = process.execPath;
// The program itself: a signal to the script in .bin does not reach it.
const deno = join(root, "node_modules/deno/deno");

const node = supportedNode();
const noNode = node === undefined ? "no Node that the package supports is here" : undefined;
const oldRuntimes = { bun: oldest("bun"), deno: oldest("deno") };
const old = versionOf("node");
const noOldNode =
  old === undefined || Bun.semver.satisfies(old, packageJson.engines.node)
    ? "the Node on the PATH is not too old"
    : undefined;

let installed: InstalledPackage;
let folder: string;
/** A clean folder of a user's, with the packed package installed. */
let app: string;
/** The same for Deno, with the example's import map. */
let denoApp: string;
let caption: string;

beforeAll(async () => {
  await using captioner = await load({ backend: "wasm" });
  ({ caption } = await captioner.caption(readFileSync(photo)));
  installed = installPackage();
  ({ folder, app } = installed);
  denoApp = denoAppOf(installed);
});

afterAll(() => installed[Symbol.dispose]());

describe("the packed package", () => {
  testUnless(noNode, "captions on Node, by the samples of both READMEs as they stand", () => {
    for (const [page, language, picture] of [
      ["README.md", "ts", "examples/china.jpg"],
      ["docs/package/README.md", "ts ignore", "photo.jpg"],
    ] as const) {
      const [sample] = codeBlocks(readFileSync(join(root, page), "utf8"), language);
      expect(sample).toContain(picture);
      cpSync(photo, join(app, picture));
      writeFileSync(join(app, "sample.mjs"), sample!);
      const [first] = run(node!, ["sample.mjs"], app).split("\n");
      expect([page, first]).toEqual([page, expect.stringContaining(page === "README.md" ? "a " : caption)]);
    }
  });

  testUnless(noNode, "captions with the fast bundle on Bun and Node", async () => {
    await using captioner = await load({ bundle: "fast", backend: "wasm" });
    const { caption: fast } = await captioner.caption(readFileSync(photo));
    const main = "node_modules/edgecap/src/cli/main.js";
    expect(run(bun, [main, "caption", "--backend", "wasm", "--bundle", "fast", photo], app).trim()).toBe(fast);
    writeFileSync(
      join(app, "fast.mjs"),
      `import { readFile } from "node:fs/promises";
       import { load } from "edgecap";
       const captioner = await load({ bundle: "fast", backend: "wasm" });
       console.log((await captioner.caption(await readFile(${JSON.stringify(photo)}))).caption);
       await captioner.close();`,
    );
    expect(run(node!, ["fast.mjs"], app).trim()).toBe(fast);
  });

  testUnless(noNode, "captions alike on wasm, rust and native on Node, and says what native and webgpu lack", () => {
    writeFileSync(
      join(app, "backends.mjs"),
      `import { readFile } from "node:fs/promises";
       import { load } from "edgecap";
       const found = {};
       for (const backend of ["wasm", "rust", "native", "webgpu"]) {
         try {
           const captioner = await load({ backend });
           found[backend] = (await captioner.caption(await readFile(${JSON.stringify(photo)}))).caption;
           await captioner.close();
         } catch (error) {
           found[backend] = error.code + ": " + error.message;
         }
       }
       console.log(JSON.stringify(found));`,
    );
    const alone = JSON.parse(run(node!, ["backends.mjs"], app));
    expect([alone.wasm, alone.rust]).toEqual([caption, caption]);
    expect(alone.native).toMatch(/^backend-unavailable: .*bun add onnxruntime-node/);
    expect(alone.webgpu).toMatch(/^backend-unavailable: .*bun add webgpu/);
    const links = ["onnxruntime-node", "onnxruntime-common"].map((name) => join(app, "node_modules", name));
    for (const link of links) {
      if (!existsSync(link)) symlinkSync(join(root, "node_modules", basename(link)), link);
    }
    try {
      expect(JSON.parse(run(node!, ["backends.mjs"], app)).native).toBe(caption);
    } finally {
      rmSync(links[0]!);
    }
  });

  testUnless(
    noNode,
    "captions by edgecap/lite on Node, Bun and Deno, with the modules that the package exports",
    () => {
      writeFileSync(
        join(app, "lite.mjs"),
        `import { readFile } from "node:fs/promises";
       import { load } from "edgecap/lite";
       const bytes = async (name) => new Uint8Array(await readFile(new URL(import.meta.resolve(name))));
       const models = new URL("./node_modules/edgecap/models/default/", import.meta.url);
       const captioner = await load({
         bundle: async (path) => new Response(await readFile(new URL(path, models))),
         modules: {
           text: () => bytes("edgecap/lite/text.wasm"),
           image: () => bytes("edgecap/lite/image.wasm"),
           engineRelaxed: () => bytes("edgecap/lite/engine_relaxed.wasm"),
           engineDot16: () => bytes("edgecap/lite/engine_dot16.wasm"),
         },
       });
       console.log((await captioner.caption(await readFile(${JSON.stringify(photo)}))).caption);
       await captioner.close();`,
      );
      expect(run(node!, ["lite.mjs"], app).trim()).toBe(caption);
      expect(run(bun, ["lite.mjs"], app).trim()).toBe(caption);
      expect(run(deno, ["run", "-A", "lite.mjs"], app).trim()).toBe(caption);
    },
  );

  test("captions on Bun, from TypeScript", () => {
    writeFileSync(join(app, "use.ts"), use);
    expect(run(bun, ["use.ts"], app).trim()).toBe(caption);
  });

  test("captions on Deno, from TypeScript, by import map and by npm: specifier", () => {
    writeFileSync(join(denoApp, "use.ts"), use);
    writeFileSync(join(denoApp, "npm.ts"), use.replace('"edgecap"', '"npm:edgecap"'));
    expect(run(deno, ["run", "-A", "use.ts"], denoApp).trim()).toBe(caption);
    expect(run(deno, ["run", "-A", "npm.ts"], denoApp).trim()).toBe(caption);
  });

  for (const [name, program] of Object.entries(oldRuntimes)) {
    const missing = program === undefined ? `npm has no ${name} of the oldest supported version` : undefined;
    testUnless(missing, `captions on wasm and rust, and in a batch, on the oldest ${name} that it supports`, () => {
      const main = "node_modules/edgecap/src/cli/main.js";
      const before = name === "deno" ? ["run", "-A", main] : [main];
      for (const backend of ["wasm", "rust"])
        expect(run(program!, [...before, "caption", "--backend", backend, photo], app).trim()).toBe(caption);
      run(program!, [...before, "batch", photo, "--out", `${name}.jsonl`, "--workers", "1"], app);
      expect(JSON.parse(readFileSync(join(app, `${name}.jsonl`), "utf8")).caption).toBe(caption);
    });
  }

  test("has a command that captions and serves", async () => {
    const command = join(app, "node_modules/edgecap/src/cli/main.js");
    expect(run(bun, [command, "caption", photo], app).trim()).toBe(caption);
    const child = spawn(bun, [command, "serve", "--port", "0", "--workers", "1"], {
      cwd: app,
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      child.stderr!.resume();
      const address = await listening(child, /(http:\/\/[^\s/"]+)/);
      const response = await answered(() =>
        fetch(`${address}/v1/captions`, {
          method: "POST",
          body: readFileSync(photo),
          headers: { accept: "text/plain" },
        }),
      );
      expect((await response.text()).trim()).toBe(caption);
    } finally {
      await stopped(child);
    }
  });

  testUnless(noNode, "has a command that npx runs on Node alone", () => {
    // Nothing else is on the PATH: neither Bun nor Deno.
    const alone = join(folder, "bin");
    mkdirSync(alone, { recursive: true });
    for (const [name, program] of [
      ["node", node!],
      ["npx", join(dirname(realpathSync(run("sh", ["-c", "command -v npx"], app).trim())), "npx-cli.js")],
      ["sh", "/bin/sh"],
    ] as const)
      if (!existsSync(join(alone, name))) symlinkSync(program, join(alone, name));
    const env = { PATH: alone };
    expect(run("npx", ["edgecap", "caption", "--backend", "wasm", photo], app, env).trim()).toBe(caption);
    expect(run("npx", ["edgecap", "--version"], app, env)).toContain(`Node ${versionOf(node!)}`);
    const { machine, backends } = JSON.parse(run("npx", ["edgecap", "doctor", "--json"], app, env)) as DoctorReport;
    expect(machine.runtime).toStartWith("Node ");
    expect(backends.find(({ name }) => name === "wasm")?.selfTest?.passed).toBe(true);
    run("npx", ["edgecap", "batch", photo, "--out", "node.jsonl", "--backend", "wasm"], app, env);
    expect(JSON.parse(readFileSync(join(app, "node.jsonl"), "utf8")).caption).toBe(caption);
  });

  testUnless(
    noNode,
    "serves on Node as elsewhere: words as they come, clients that leave, and an end in order",
    async () => {
      const command = join(app, "node_modules/edgecap/src/cli/main.js");
      const flags = ["serve", "--port", "0", "--workers", "1", "--backend", "wasm"];
      const child = spawn(node!, [command, ...flags], { cwd: app, stdio: ["ignore", "pipe", "pipe"] });
      const ended = once(child, "exit");
      let log = "";
      child.stderr!.on("data", (chunk) => {
        log += chunk;
      });
      try {
        const address = await listening(child, /(http:\/\/[^\s/"]+)/);
        const body = readFileSync(photo);
        const post = (path: string, headers: Record<string, string>, signal?: AbortSignal) =>
          fetch(`${address}${path}`, { method: "POST", body, headers, ...(signal && { signal }) });
        const response = await answered(() => post("/v1/captions", { accept: "text/plain" }));
        expect((await response.text()).trim()).toBe(caption);
        const stream = await post("/v1/captions?beams=1", { accept: "text/event-stream" });
        expect(stream.headers.get("content-type")).toStartWith("text/event-stream");
        expect((await stream.text()).match(/^event: word$/gm)!.length).toBeGreaterThan(3);
        const form = new FormData();
        form.set("image", new Blob([body]), "china.jpg");
        const answer = await fetch(`${address}/v1/captions`, { method: "POST", body: form });
        expect(((await answer.json()) as { caption: string }).caption).toBe(caption);
        expect((await fetch(address)).headers.get("content-type")).toStartWith("text/html");
        // A client leaves: its photo is given up, and the next one gets its answer.
        const left = post("/v1/captions?beams=64&alternatives=9", {}, AbortSignal.timeout(100));
        expect((await left.catch((error: Error) => error)) instanceof Error).toBe(true);
        expect((await post("/v1/captions?beams=2", { accept: "text/plain" })).status).toBe(200);
        expect(log).toMatch(/"status":499/);
        child.kill("SIGTERM");
        expect(await ended).toEqual([0, null]);
      } finally {
        child.kill("SIGKILL");
      }
    },
  );

  testUnless(noNode, "replaces a thread that dies, on Node", () => {
    writeFileSync(
      join(app, "threads.mjs"),
      `import { readFile } from "node:fs/promises";
       import { createCaptionWorker, createServer, listen } from "edgecap/server";
       const threads = [];
       const createWorker = () => {
         const thread = createCaptionWorker();
         threads.push(thread);
         return thread;
       };
       const server = createServer({ workers: 1, backend: "wasm", createWorker });
       await server.ready;
       const { url, close } = await listen(server, { port: 0 });
       const body = await readFile(${JSON.stringify(photo)});
       const ask = (query) => fetch(url + "/v1/captions" + query, { method: "POST", body, headers: { accept: "text/plain" } });
       const asked = ask("?beams=64");
       await new Promise((resolve) => setTimeout(resolve, 50));
       threads[0].terminate();
       await asked;
       console.log((await (await ask("")).text()).trim(), threads.length);
       await close(true);
       await server[Symbol.asyncDispose]();`,
    );
    expect(run(node!, ["threads.mjs"], app).trim()).toBe(`${caption} 2`);
  });

  testUnless(noOldNode, "says what it needs, on a Node that is too old", () => {
    const command = join(app, "node_modules/edgecap/src/cli/main.js");
    const { status, stderr } = spawnSync("node", [command, "caption", photo], { cwd: app, encoding: "utf8" });
    expect([status, stderr]).toEqual([
      1,
      `edgecap needs Node ${leastNode} or newer, Bun or Deno: this is Node ${old}.\n`,
    ]);
  });

  testUnless(noNode, "has a command that watches a folder on Node", async () => {
    const command = join(app, "node_modules/edgecap/src/cli/main.js");
    const watched = join(app, "watched");
    cpSync(photo, join(watched, "photo.jpg"));
    const child = spawn(node!, [command, "watch", watched, "--write", "xmp", "--backend", "wasm"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = once(child, "exit");
    try {
      await new Promise<void>((resolve, reject) => {
        let text = "";
        child.stderr!.on("data", (chunk) => {
          text += chunk;
          if (text.includes("Ctrl-C ends")) resolve();
        });
        child.once("exit", () => reject(new Error(text)));
      });
      // Alternative text begins with a capital.
      expect(readFileSync(join(watched, "photo.jpg.xmp"), "utf8")).toContain(caption.slice(1));
      child.kill("SIGINT");
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
