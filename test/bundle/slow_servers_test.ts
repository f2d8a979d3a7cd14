import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchWithTimeout, readBody } from "../../src/bundle/fetch_with_timeout.ts";
import { loadBundle } from "../../src/bundle/load_bundle.ts";
import { codeOf } from "../code_of.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("fetchWithTimeout()", () => {
  /** Sends a byte now and then. */
  const drip: RequestListener = (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  };

  test("gives up after a total time, and on a server that sends too little", async () => {
    const url = new URL(await serve(drip));
    const limits: readonly [object, RegExp][] = [
      [{ silenceMs: 60_000, totalMs: 500 }, /^the server took more than 0.5 s$/],
      [{ silenceMs: 60_000, paceMs: 300 }, /^the server sent only \d+ bytes in 0.3 s$/],
    ];
    for (const [timeouts, message] of limits) {
      using answer = await fetchWithTimeout(url, {}, undefined, timeouts);
      await expect(readBody(answer, 2 ** 20, url.href)).rejects.toThrow(message);
    }
  });

  test("does not count the time in which the caller uses the data", async () => {
    const real = globalThis.fetch;
    cleanups.push(async () => {
      globalThis.fetch = real;
    });
    const chunks = Array.from({ length: 8 }, () => new Uint8Array(100));
    const stream = new ReadableStream({
      pull: (controller) => {
        const chunk = chunks.pop();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    });
    globalThis.fetch = (async () => new Response(stream)) as unknown as typeof fetch;
    using answer = await fetchWithTimeout(new URL("http://localhost"), {}, undefined, { paceMs: 600 });
    let length = 0;
    for await (const chunk of answer.chunks()) {
      length += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(length).toBe(800);
  });
});

describe("loadBundle() of a URL", () => {
  test("gives up on a file that arrives too slowly, and continues there later", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecap-slow-"));
    process.env["EDGECAP_CACHE"] = folder;
    cleanups.push(async () => {
      delete process.env["EDGECAP_CACHE"];
      await rm(folder, { recursive: true });
    });
    const files = await tinyBundleFiles();
    const ranges: (string | undefined)[] = [];
    let isSlow = true;
    const address = await serve((request, response) => {
      const name = request.url!.slice(1);
      const bytes = files.get(name)!;
      if (name !== "encoder.onnx") return void response.end(bytes);
      const { range } = request.headers;
      ranges.push(range);
      const start = Number(/\d+/.exec(range ?? "")?.[0] ?? 0);
      const where = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
      response.writeHead(start > 0 ? 206 : 200, { "content-length": bytes.length - start, ...(start > 0 && where) });
      if (!isSlow) return void response.end(bytes.subarray(start));
      let at = start === 0 ? 100 : start;
      response.write(bytes.subarray(start, at));
      const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), 20);
      response.on("close", () => clearInterval(timer));
    });
    expect(await codeOf(loadBundle(address, undefined, 300))).toBe("bundle-file-missing");
    expect(ranges.length).toBeLessThan(8);
    isSlow = false;
    ranges.length = 0;
    expect((await loadBundle(address)).files.encoder).toEqual(files.get("encoder.onnx")!);
    expect(ranges.length).toBe(1);
    expect(Number(/\d+/.exec(ranges[0]!)![0])).toBeGreaterThanOrEqual(100);
  });
});
