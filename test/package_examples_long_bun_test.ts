/** The examples, on the packed package. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "../src/mod.ts";
import {
  denoAppOf,
  type InstalledPackage,
  installPackage,
  run,
  supportedNode,
  withNode,
} from "./fixtures/installed_package.ts";
import { answered, listening, stopped } from "./fixtures/listening.ts";
import { noChromium, openTab, startChromium } from "./server/page/chromium.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const photo = join(root, "examples/china.jpg");
const bun = process.execPath;
// The program itself: a signal to the script in .bin does not reach it.
const deno = join(root, "node_modules/deno/deno");

const node = supportedNode();
/**
 * What the example of Next.js is built with, beside edgecap. Next.js fetches the last two by itself if they are
 * missing.
 */
const nextPackages = ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1", "@types/react@19.3.3", "typescript@7.0.2"];
const cannotNext =
  node === undefined
    ? "no Node that the package supports is here"
    : spawnSync("npm", ["view", nextPackages[0]!, "version"]).status !== 0
      ? "npm has no Next.js here"
      : noChromium;

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
      // Deno prints its address on one of the two streams.
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

  testUnless(cannotNext, "next: is built as its README says, and captions for its page", async () => {
    const next = join(folder, "next");
    cpSync(join(root, "examples/next"), next, { recursive: true });
    writeFileSync(join(next, "package.json"), "{}");
    run("npm", ["install", "--no-audit", "--no-fund", "--silent", installed.tarball, ...nextPackages], next);
    const env = { ...process.env, ...withNode(node!), NEXT_TELEMETRY_DISABLED: "1" };
    // The program itself: a signal to npx does not reach it.
    const program = join(next, "node_modules/next/dist/bin/next");
    run(node!, [program, "build"], next, env);
    const child = spawn(node!, [program, "start", "--port", "0", "--hostname", "127.0.0.1"], {
      ...{ cwd: next, env, stdio: ["ignore", "pipe", "inherit"] },
    });
    try {
      const address = await listening(child, /Local: +(http:\/\/\S+)/);
      const post = (body: string | Uint8Array<ArrayBuffer>) => fetch(`${address}/captions`, { method: "POST", body });
      expect(await (await post(new Uint8Array(readFileSync(photo)))).json()).toEqual({ caption });
      const refused = await post("no photo");
      expect([refused.status, await refused.json()]).toMatchObject([422, { code: "image-unsupported" }]);
      const browser = await startChromium();
      try {
        await using tab = await openTab(browser, address);
        await tab.page.locator("input").setInputFiles(photo);
        await tab.page.locator("output").filter({ hasText: caption }).waitFor({ timeout: 240_000 });
        expect(tab.complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    } finally {
      await stopped(child);
    }
  });
});
