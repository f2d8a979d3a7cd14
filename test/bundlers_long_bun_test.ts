import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { load } from "../src/mod.ts";
import { codeBlocks } from "./code_blocks.ts";
import { type InstalledPackage, installPackage, run, supportedNode, withNode } from "./fixtures/installed_package.ts";
import { noChromium, openTab, startChromium } from "./server/page/chromium.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const photo = join(root, "examples/china.jpg");
const node = supportedNode();
const noNode = node === undefined ? "no Node that the package supports is here" : undefined;
const viteProgram = join(root, "node_modules/vite/bin/vite.js");
const viteModule = join(root, "node_modules/vite/dist/node/index.js");

let installed: InstalledPackage;
let caption: string;
/** The files that `edgecap assets` writes, made once for all tests. */
let assets: string;

beforeAll(async () => {
  await using captioner = await load({ backend: "wasm" });
  ({ caption } = await captioner.caption(photo));
  installed = installPackage();
  assets = join(installed.folder, "assets");
  run(process.execPath, [join(installed.app, "node_modules/edgecap/src/cli/main.js"), "assets", assets], installed.app);
});

afterAll(() => installed[Symbol.dispose]());

/** An example's files, where the package is installed. */
function copyExample(name: string): string {
  const folder = join(installed.app, name);
  cpSync(join(root, "examples", name), folder, { recursive: true });
  return folder;
}

/** The arguments of the command in an example's README that runs a program. */
function commandOf(example: string, program: string): string[] {
  const readme = readFileSync(join(root, `examples/${example}/README.md`), "utf8");
  const lines = codeBlocks(readme, "sh").flatMap((block) => block.split("\n"));
  const line = lines.find((line) => line.startsWith(`npx ${program}`));
  if (line === undefined) throw new Error(`examples/${example}/README.md does not run "${program}".`);
  return line.split(/\s+/).slice(2);
}

/** Bundles one line of code for a browser. */
async function bundled(
  code: string,
): Promise<{ readonly metafile: Metafile; readonly bytes: number; readonly gzipped: number }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: installed.app },
    ...{ bundle: true, splitting: true, minify: true, write: false, metafile: true },
    ...{ format: "esm", platform: "browser", outdir: "out", logLevel: "silent" },
  });
  const entry = outputFiles.find(({ path }) => path.endsWith("stdin.js"))!;
  return { metafile, bytes: entry.contents.length, gzipped: gzipSync(entry.contents).length };
}

describe("a browser's bundle", () => {
  test("imports nothing from Node, under any name that the package exports", async () => {
    const { metafile } = await bundled('export * from "edgecap";');
    const imports = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports.map(({ path }) => `${file}: ${path}`),
    );
    expect(imports.length).toBeGreaterThan(50);
    expect(
      imports.filter((line) => /: (?:node:|fs|path|os|url|module|worker_threads|crypto|http)\b/.test(line)),
    ).toEqual([]);
    const ofNode = Object.keys(metafile.inputs).filter((file) =>
      /edgecap\/src\/(?:server|cli|training|batch|queue|pool|watch|site|metadata)\/|platform\/(?:assets|files|packages|storage|threads_node)\.js/.test(
        file,
      ),
    );
    expect(ofNode).toEqual([]);
  });

  test("is as small as docs/embed.md says, and leaves out what is not imported", async () => {
    const page = readFileSync(join(root, "docs/embed.md"), "utf8");
    const sizes = [...page.matchAll(/^\| `(import [^`]+)`.*\| ([\d.]+) kB \| ([\d.]+) kB \|$/gm)];
    expect(sizes.length).toBe(4);
    for (const [, statement, kilobytes, gzipped] of sizes) {
      const name = /\{ (.+) \}/.exec(statement!)![1]!;
      const found = await bundled(`${statement}\nconsole.log(${name});`);
      const documented = [Number(kilobytes), Number(gzipped)];
      const measured = [found.bytes / 1000, found.gzipped / 1000];
      for (const [i, value] of measured.entries())
        expect([statement, measured, Math.abs(value - documented[i]!) <= Math.max(0.1, 0.05 * documented[i]!)]).toEqual(
          [statement, measured, true],
        );
    }
  });
});

describe("esbuild, by examples/esbuild", () => {
  testUnless(noNode, "makes a server's program that captions in an empty folder", async () => {
    const folder = copyExample("esbuild");
    const esbuild = join(root, "node_modules/.bin/esbuild");
    run(esbuild, commandOf("esbuild", "esbuild server.ts").with(0, "server.ts"), folder);
    const empty = join(installed.folder, "empty");
    mkdirSync(empty);
    cpSync(join(folder, "dist/server.mjs"), join(empty, "server.mjs"));
    cpSync(assets, join(empty, "edgecap"), { recursive: true });
    const lines = run(node!, ["server.mjs", photo, "nothing.jpg"], empty, { ...withNode(node!) })
      .trim()
      .split("\n");
    expect(lines).toEqual([caption, expect.stringContaining('Not captioned: Cannot read the picture "nothing.jpg"')]);
  });

  testUnless(noChromium, "makes a page that captions", async () => {
    const folder = copyExample("esbuild");
    run(join(root, "node_modules/.bin/esbuild"), commandOf("esbuild", "esbuild page.ts").with(0, "page.ts"), folder);
    const site = join(folder, "site");
    cpSync(join(folder, "index.html"), join(site, "index.html"));
    cpSync(assets, join(site, "edgecap"), { recursive: true });
    using server = serveFolder(site);
    expect(await captionedIn(server.url.href)).toBe(caption);
  });
});

describe("Vite, by examples/vite", () => {
  let folder: string;

  beforeAll(() => {
    folder = copyExample("vite");
    cpSync(assets, join(folder, "public/edgecap"), { recursive: true });
    // The Vite that is pinned here.
    writeFileSync(
      join(folder, "vite.config.ts"),
      readFileSync(join(folder, "vite.config.ts"), "utf8").replace('"vite"', JSON.stringify(viteModule)),
    );
  });

  testUnless(noNode, "builds a page without WebAssembly of its own", async () => {
    const output = run(node!, [viteProgram, "build"], folder);
    expect(output).not.toMatch(/externalized for browser|doesn't exist at build time|warn/i);
    const own = globSync("dist/assets/*", { cwd: folder });
    expect(own.filter((file) => extname(file) !== ".js")).toEqual([]);
    expect(own.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)).toBeLessThan(332_000);
  });

  testUnless(noNode ?? noChromium, "builds a page that captions in a browser", async () => {
    run(node!, [viteProgram, "build"], folder);
    using server = serveFolder(join(folder, "dist"));
    expect(await captionedIn(server.url.href)).toBe(caption);
  });

  testUnless(noNode ?? noChromium, "serves the page during development", async () => {
    const child = spawn(node!, [viteProgram, "--port", "0", "--host", "127.0.0.1"], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr!.on("data", (chunk) => {
      said += chunk;
    });
    try {
      expect(await captionedIn(await addressOf(child))).toBe(caption);
      expect(said).not.toMatch(/externalized for browser|error/i);
    } finally {
      child.kill();
    }
  });
});

/** The address that Vite prints. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    // The stream stays open: Vite ends where nobody reads what it says.
    child.stdout!.on("data", (chunk) => {
      text += chunk;
      const found = /(http:\/\/127[^\s]+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(`Vite ended: ${text}`)));
  });
}

function serveFolder(folder: string) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      const path = join(folder, pathname === "/" ? "index.html" : pathname);
      return existsSync(path) ? new Response(Bun.file(path)) : new Response(null, { status: 404 });
    },
  });
}

/** The text that a page shows for the photo, after a check that it reported no error. */
async function captionedIn(address: string): Promise<string | null> {
  const browser = await startChromium();
  try {
    await using tab = await openTab(browser, address);
    await tab.page.getByText("Ready.").waitFor({ timeout: 240_000 });
    await tab.page.locator("input").setInputFiles(photo);
    const output = tab.page.locator("output");
    await output.filter({ hasText: caption }).waitFor({ timeout: 240_000 });
    // A browser without a graphics card reports that when a page asks for one.
    expect(tab.complaints.filter((text) => !text.includes("No available adapters"))).toEqual([]);
    return await output.textContent();
  } finally {
    await browser.close();
  }
}
