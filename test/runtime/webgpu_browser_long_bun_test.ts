import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { noChromium } from "../server/page/chromium.ts";
import { testUnless } from "../skip.ts";
import type { PageFindings } from "./webgpu_page.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Addresses below /edgecap/, where a page has edgecap's files, and the files. */
const assets: Readonly<Record<string, string>> = {
  "text.wasm": "crates/text/pkg/edgecap_text_bg.wasm",
  "image.wasm": "crates/image/pkg/edgecap_image_bg.wasm",
  "engine_dot16.wasm": "crates/engine/pkg/dot16.wasm",
  "engine_relaxed.wasm": "crates/engine/pkg/relaxed.wasm",
  ...Object.fromEntries(
    ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"]
      .flatMap((name) => [`${name}.mjs`, `${name}.wasm`])
      .map((name) => [name, `node_modules/onnxruntime-web/dist/${name}`]),
  ),
};

async function servePage() {
  const built = await Bun.build({ entrypoints: [`${root}test/runtime/webgpu_page.ts`], target: "browser" });
  if (!built.success) throw new AggregateError(built.logs, "The page does not build.");
  const script = await built.outputs[0]!.text();
  const bundle = await tinyBundleFiles();
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const path = new URL(request.url).pathname;
      const type = (value: string) => ({ headers: { "content-type": value } });
      if (path === "/") return new Response('<script type="module" src="/main.js"></script>', type("text/html"));
      if (path === "/main.js") return new Response(script, type("text/javascript"));
      const asset = assets[path.replace("/edgecap/", "")];
      if (asset !== undefined)
        return new Response(
          readFileSync(root + asset),
          type(asset.endsWith(".mjs") ? "text/javascript" : "application/wasm"),
        );
      const part = bundle.get(path.replace("/bundle/", ""));
      return part === undefined
        ? new Response("", { status: 404 })
        : new Response(part as Uint8Array<ArrayBuffer>, type("application/octet-stream"));
    },
  });
}

async function findingsInChromium(): Promise<PageFindings> {
  using server = await servePage();
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(300_000);
    await page.goto(server.url.href);
    await page.waitForFunction("'findings' in globalThis");
    return (await page.evaluate("findings()")) as PageFindings;
  } finally {
    await browser.close();
  }
}

// Checked before the tests are defined, because a test that has begun cannot be skipped.
const found = noChromium === undefined ? await findingsInChromium() : undefined;
const noAdapter = found?.problem === undefined ? undefined : "this Chromium has no WebGPU adapter";

testUnless(noChromium ?? noAdapter, "webgpu captions in headless Chromium as wasm does", () => {
  expect(found!.software).toBe(true);
  expect(found!.captions!.length).toBe(5);
  for (const [wasm, webgpu] of found!.captions!) expect(webgpu).toBe(wasm);
  expect(found!.closest!).toBeLessThan(1e-3);
});

const notRefused = noAdapter === undefined ? "Chromium is missing or has a WebGPU adapter" : undefined;
testUnless(notRefused, "a Chromium without an adapter is refused with what to do", () => {
  expect(found!.problem).toContain("backend-unavailable");
});
