import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import type { Manifest } from "../src/bundle/manifest.ts";
import { load } from "../src/mod.ts";
import type { DoctorReport } from "../src/model/doctor.ts";
import { codeBlocks } from "./code_blocks.ts";
import {
  type InstalledPackage,
  installPackage,
  leastNode,
  run,
  supportedNode,
  versionOf,
} from "./fixtures/installed_package.ts";
import { noChromium, openTab, startChromium } from "./server/page/chromium.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const photo = join(root, "examples/china.jpg");
const bun = process.execPath;
// The program itself: a signal to the script in .bin does not reach it.
const deno = join(root, "node_modules/deno/deno");

const node = supportedNode();
const noNode = node === undefined ? "no Node that the package supports is here" : undefined;
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

/** Starts a program and waits for the line that says where it listens. */
async function listening(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`It ended without listening: ${text}`);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill();
  child.stdout?.resume();
  await closed;
}

/** Asks until it is answered: a server may still load its bundle. */
async function answered(request: () => Promise<Response>): Promise<Response> {
  const deadline = Date.now() + 240_000;
  for (;;) {
    const response = await request().catch(() => undefined);
    if (response !== undefined && response.status !== 503) return response;
    if (Date.now() > deadline) throw new Error("No answer.");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

beforeAll(async () => {
  await using captioner = await load({ backend: "wasm" });
  ({ caption } = await captioner.caption(readFileSync(photo)));
  installed = installPackage();
  ({ folder, app } = installed);
  denoApp = join(folder, "deno");
  mkdirSync(denoApp);
  cpSync(join(root, "examples/deno-serve/deno.json"), join(denoApp, "deno.json"));
  cpSync(join(app, "package.json"), join(denoApp, "package.json"));
  cpSync(join(app, "node_modules"), join(denoApp, "node_modules"), { recursive: true });
});

afterAll(() => installed[Symbol.dispose]());

/** The README's use of the library, in the user's own file. */
const use = `
import { readFile } from "node:fs/promises";
import { type Caption, EdgecapError, load } from "edgecap";

await using captioner = await load();
const result: Caption = await captioner.caption(await readFile(${JSON.stringify(photo)}));
console.log(result.caption);
await captioner.caption(new Uint8Array()).catch((error: unknown) => {
  if (!(error instanceof EdgecapError) || error.code !== "image-empty") throw error;
});
`;

describe("the packed package", () => {
  test("holds what is needed and nothing else", () => {
    const top = readdirSync(join(folder, "package")).sort();
    expect(top).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "THIRD_PARTY_LICENSES.txt",
      "THIRD_PARTY_NOTICES.md",
      "models",
      "package.json",
      "src",
      "wasm",
      "wasm-image",
    ]);
    const files = readdirSync(join(folder, "package"), { recursive: true }) as string[];
    expect(files.filter((file) => /(?<!\.d)\.ts$/.test(file) && !file.startsWith("wasm"))).toEqual([]);
    expect(statSync(join(folder, `edgecap-${packageJson.version}.tgz`)).size).toBeLessThan(45e6);
  });

  test("passes publint", () => {
    expect(run(join(root, "node_modules/.bin/publint"), ["--strict", join(folder, "package")], root)).toContain(
      "All good",
    );
  });

  test("has types that resolve (are the types wrong?)", () => {
    const attw = join(root, "node_modules/.bin/attw");
    const packed = join(folder, `edgecap-${packageJson.version}.tgz`);
    // It ends with another status than 0 if a type does not resolve.
    expect(run(attw, ["--profile", "esm-only", packed], root)).toContain(`edgecap v${packageJson.version}`);
  });

  test("is typed for a strict user", () => {
    writeFileSync(
      join(app, "typed.ts"),
      use.replaceAll(/\n\s*import \{ readFile.*\n/g, "\nconst readFile = async (_: string) => new Uint8Array();\n"),
    );
    writeFileSync(
      join(app, "server.ts"),
      'import { Elysia } from "elysia";\nimport { edgecap } from "edgecap/server";\nexport const app = new Elysia().use(edgecap()).get("/n", ({ edgecap }) => edgecap.config.workers);\n',
    );
    const options = [
      "--strict",
      "--noEmit",
      "--target",
      "esnext",
      "--module",
      "nodenext",
      "--lib",
      "esnext,dom",
      "--types",
      "",
    ];
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    expect(run("node", [compiler, ...options, "--skipLibCheck", "typed.ts", "server.ts"], app)).toBe("");
  });

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

  testUnless(noNode, "captions alike on wasm and native on Node, and says what native and webgpu lack", () => {
    writeFileSync(
      join(app, "backends.mjs"),
      `import { readFile } from "node:fs/promises";
       import { load } from "edgecap";
       const found = {};
       for (const backend of ["wasm", "native", "webgpu"]) {
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
    expect(alone.wasm).toBe(caption);
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
        // A client that leaves: its photo is given up, and the next one has its answer.
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

  testUnless(noOldNode, "says on a Node that is too old what it needs", () => {
    const command = join(app, "node_modules/edgecap/src/cli/main.js");
    const { status, stderr } = spawnSync("node", [command, "caption", photo], { cwd: app, encoding: "utf8" });
    expect([status, stderr]).toEqual([
      1,
      `edgecap needs Node ${leastNode} or newer, Bun or Deno: this is Node ${old}.\n`,
    ]);
  });

  test("promises no Node, Bun or Deno that one of its packages refuses", () => {
    const least = `${leastNode}.0`;
    const refused: string[] = [];
    let count = 0;
    for (const file of globSync("node_modules/{*,@*/*}/package.json", { cwd: app })) {
      const { name, engines } = JSON.parse(readFileSync(join(app, file), "utf8")) as {
        name: string;
        engines?: { node?: string };
      };
      if (engines?.node === undefined) continue;
      count++;
      if (!Bun.semver.satisfies(least, engines.node)) refused.push(`${name}: ${engines.node}`);
    }
    expect(count).toBeGreaterThan(10);
    expect(refused).toEqual([]);
  });

  test("has a README that begins with how to install it, and says what the weights allow", () => {
    const text = readFileSync(join(app, "node_modules/edgecap/README.md"), "utf8");
    expect(text.split("\n").slice(0, 2)).toEqual(["```sh", "npm install edgecap"]);
    expect(text).toContain("for research use");
    const { licences } = (JSON.parse(readFileSync(join(root, "models/default/manifest.json"), "utf8")) as Manifest)
      .provenance;
    expect(licences.some(({ licence }) => /research/.test(licence))).toBe(true);
    const manifest = JSON.parse(readFileSync(join(app, "node_modules/edgecap/package.json"), "utf8"));
    expect([manifest.license, manifest.description]).toEqual([
      "MIT AND LicenseRef-weights-for-research-use",
      expect.stringContaining("research use"),
    ]);
    // Every file that it speaks of is there.
    for (const [, file] of text.matchAll(/`((?:[A-Z_]+(?:\.\w+)?)|models\/)`/g))
      expect([file, existsSync(join(app, "node_modules/edgecap", file!))]).toEqual([file, true]);
  });

  test("has source maps that lead to the sources which they hold", () => {
    const maps = globSync("src/**/*.js.map", { cwd: join(folder, "package") });
    const scripts = globSync("src/**/*.js", { cwd: join(folder, "package") });
    expect(maps.length).toBe(scripts.length);
    for (const path of maps) {
      const map = JSON.parse(readFileSync(join(folder, "package", path), "utf8"));
      expect(map.sources.length).toBe(1);
      const source = readFileSync(join(root, path.replace(/\.js\.map$/, ".ts")), "utf8");
      expect([path, map.sourcesContent[0] === source]).toEqual([path, true]);
    }
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

  test("carries neither server nor training into a bundle of the library", async () => {
    writeFileSync(join(app, "small.ts"), 'import { load } from "edgecap";\nconsole.log(load);\n');
    const built = await Bun.build({ entrypoints: [join(app, "small.ts")], target: "browser", minify: true });
    const text = await built.outputs[0]!.text();
    expect(text).not.toMatch(/elysia|prom-client|tfjs|commander|vega/i);
    // Half of it is onnxruntime-web's script; docs/embed.md tells the size.
    expect(text.length).toBeLessThan(400_000);
  });
});

describe("the examples, on the packed package", () => {
  test("elysia-plugin: answers beside the app's own routes", async () => {
    cpSync(join(root, "examples/elysia-plugin/main.ts"), join(app, "plugin.ts"));
    const env = { ...process.env, PORT: "0" };
    const child = spawn(bun, ["plugin.ts"], { cwd: app, env, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const address = await listening(child, /Listening on (\S+)\//);
      expect(await (await fetch(address)).text()).toBe("The shop's own page.");
      const body = readFileSync(photo);
      const response = await answered(() => fetch(`${address}/edgecap/v1/captions`, { method: "POST", body }));
      expect(((await response.json()) as { caption: string }).caption).toBe(caption);
      expect((await fetch(`${address}/edgecap/nothing`)).status).toBe(404);
    } finally {
      await stopped(child);
    }
  });

  test("deno-serve: captions with the permissions that its README lists, and no others", async () => {
    const readme = readFileSync(join(root, "examples/deno-serve/README.md"), "utf8");
    const command = /deno run (.*)main\.ts/.exec(readme.replaceAll("\\\n", " "))![1]!;
    cpSync(join(root, "examples/deno-serve/main.ts"), join(denoApp, "main.ts"));
    cpSync(join(root, "models/default"), join(denoApp, "bundle"), { recursive: true });
    const flags = command.trim().split(/\s+/);
    const child = spawn(deno, ["run", ...flags, "main.ts", "bundle", "0"], {
      cwd: denoApp,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let complaint = "";
    try {
      child.stderr!.on("data", (chunk) => {
        complaint += chunk;
      });
      // Deno says where it listens on either stream.
      const address = await new Promise<string>((resolve, reject) => {
        const look = () => {
          const found = /Listening on (http:\/\/[^\s/]+)/.exec(complaint)?.[1];
          if (found !== undefined) resolve(found);
        };
        child.stdout!.on("data", (chunk) => {
          complaint += chunk;
          look();
        });
        child.stderr!.on("data", look);
        child.once("close", () => reject(new Error(complaint)));
      });
      const post = (body: string | Uint8Array<ArrayBuffer>) => fetch(address, { method: "POST", body });
      expect((await (await post(new Uint8Array(readFileSync(photo)))).text()).trim()).toBe(caption);
      expect((await post("no picture")).status).toBe(415);
    } finally {
      await stopped(child);
    }
  });

  testUnless(noChromium, "browser: captions by itself, and offline after the first visit", async () => {
    const site = join(folder, "site");
    for (const file of ["main.ts", "service_worker.ts"]) cpSync(join(root, "examples/browser", file), join(app, file));
    const entrypoints = ["main.ts", "service_worker.ts"].map((file) => join(app, file));
    const built = await Bun.build({ entrypoints, outdir: site, target: "browser", minify: true });
    expect(built.success).toBe(true);
    cpSync(join(root, "examples/browser/index.html"), join(site, "index.html"));
    run(bun, [join(app, "node_modules/edgecap/src/cli/main.js"), "assets", join(site, "edgecap")], app);
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const { pathname } = new URL(request.url);
        const path = join(site, pathname === "/" ? "index.html" : pathname);
        return existsSync(path) ? new Response(Bun.file(path)) : new Response(null, { status: 404 });
      },
    });
    const browser = await startChromium();
    try {
      await using tab = await openTab(browser, server.url.href);
      const captioned = async () => {
        await tab.page.locator("#status", { hasText: "Ready." }).waitFor({ timeout: 240_000 });
        await tab.page.locator("input").setInputFiles(photo);
        await tab.page.locator("#status", { hasText: "Done." }).waitFor({ timeout: 240_000 });
        return tab.page.locator("output").textContent();
      };
      expect(await captioned()).toBe(caption);
      await tab.page.evaluate("navigator.serviceWorker.ready.then(() => true)");
      await server.stop(true);
      await tab.page.reload();
      expect(await captioned()).toBe(caption);
    } finally {
      await browser.close();
      await server.stop(true);
    }
  });
});
