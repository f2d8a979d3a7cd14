import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadBundle, openBundle } from "../../src/bundle/load_bundle.ts";
import type { LoadProgress } from "../../src/bundle/open_bundle.ts";
import { codeOf, reasonOf } from "../code_of.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

/** A server of a bundle's files that can be made to misbehave. */
interface Site {
  readonly address: string;
  /** Requests seen: path and range. */
  readonly requests: string[];
  /** Whether ranges are known. */
  ranges: boolean;
  /** Bytes of `encoder.onnx` after which a connection is cut. */
  cutAfter: number;
  /** Bytes of `encoder.onnx` after which nothing more comes. */
  silentAfter: number;
  /** Status of every answer. */
  status: number;
  /** Answers requests for `encoder.onnx` instead. */
  answer: ((start: number, response: ServerResponse) => void) | undefined;
  files: Map<string, Uint8Array>;
  readonly server: Server;
}

const calm = {
  ranges: true,
  cutAfter: Number.POSITIVE_INFINITY,
  silentAfter: Number.POSITIVE_INFINITY,
  status: 200,
  answer: undefined as Site["answer"],
};

async function openSite(): Promise<Site> {
  const site = { requests: [] as string[], ...calm, files: await bigFiles() };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url!.slice("/models/tiny/".length);
    const { range } = request.headers;
    site.requests.push(`${path}${range === undefined ? "" : ` ${range}`}`);
    const bytes = site.files.get(path);
    if (site.status !== 200) return void response.writeHead(site.status).end();
    if (bytes === undefined) return void response.writeHead(404).end();
    const start = site.ranges && range !== undefined ? Number(/\d+/.exec(range)![0]) : 0;
    if (path === "encoder.onnx" && site.answer) return site.answer(start, response);
    const headers = { "content-length": bytes.length - start };
    if (start > 0) {
      response.writeHead(206, { ...headers, "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
    } else response.writeHead(200, headers);
    if (path === "encoder.onnx" && site.silentAfter < bytes.length) {
      return void response.write(bytes.subarray(start, Math.max(start, site.silentAfter)));
    }
    const end = path === "encoder.onnx" ? Math.min(bytes.length, start + site.cutAfter) : bytes.length;
    response.write(bytes.subarray(start, end), () => {
      if (end === bytes.length) response.end();
      // It needs time to arrive, or nothing of it counts.
      else setTimeout(() => response.destroy(), 50);
    });
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(site, { address: `http://127.0.0.1:${port}/models/tiny`, server });
}

/** The tiny bundle with an encoder of many packets: its bytes are not a graph, but its manifest has their hash. */
async function bigFiles(): Promise<Map<string, Uint8Array>> {
  const files = await tinyBundleFiles();
  const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
  const encoder = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) >> 3);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder));
  const sha256 = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  manifest.files.encoder = { path: "encoder.onnx", bytes: encoder.length, sha256 };
  files.set("encoder.onnx", encoder);
  return files.set("manifest.json", new TextEncoder().encode(JSON.stringify(manifest)));
}

let site: Site;
let folder: string;

beforeAll(async () => {
  site = await openSite();
});

afterAll(async () => {
  site.server.closeAllConnections();
  await new Promise((resolve) => site.server.close(resolve));
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgecap-web-"));
  process.env["EDGECAP_CACHE"] = folder;
  Object.assign(site, { ...calm, files: await bigFiles() });
  site.requests.length = 0;
});

afterEach(async () => {
  delete process.env["EDGECAP_CACHE"];
  await rm(folder, { recursive: true });
});

const partials = async () => (await readdir(folder)).filter((name) => name.endsWith(".partial"));

describe("loadBundle() of a URL", () => {
  test("downloads once, then needs only the manifest, and then no server", async () => {
    const first = await loadBundle(site.address);
    expect(first.files.encoder).toEqual(site.files.get("encoder.onnx")!);
    expect(site.requests.length).toBe(5);
    site.requests.length = 0;
    await loadBundle(`${site.address}/`);
    expect(site.requests).toEqual(["manifest.json"]);

    const closed = await openSite();
    await loadBundle(closed.address);
    closed.server.closeAllConnections();
    await new Promise((resolve) => closed.server.close(resolve));
    expect((await loadBundle(closed.address)).manifest.name).toBe("tiny");
    expect(await partials()).toEqual([]);
  });

  test("continues after a broken connection where it stopped", async () => {
    site.cutAfter = 300_000;
    const { files } = await loadBundle(site.address);
    expect(files.encoder).toEqual(site.files.get("encoder.onnx")!);
    expect(site.requests.filter((request) => request.startsWith("encoder.onnx")).length).toBe(4);
    expect(site.requests).toContain("encoder.onnx bytes=300000-");
  });

  test("continues in another process after this one was killed", async () => {
    site.cutAfter = 400_000;
    const program = `
      import { loadBundle } from ${JSON.stringify(new URL("../../src/bundle/load_bundle.ts", import.meta.url).href)};
      await loadBundle(${JSON.stringify(site.address)});`;
    const path = join(folder, "program.mjs");
    await writeFile(path, program);
    const onBun = "Bun" in globalThis;
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const config = join(root, "deno.json");
    const args = onBun ? [path] : ["run", "-A", "--no-check", "--config", config, path];
    const child = spawn(process.execPath, args, { cwd: root, stdio: "ignore" });
    const deadline = Date.now() + 120_000;
    const half = async () => {
      for (const name of await partials()) {
        // The partial download of a small file may be gone by now.
        const size = await stat(join(folder, name)).then(
          (found) => found.size,
          () => 0,
        );
        if (size >= 400_000) return true;
      }
      return false;
    };
    while (!(await half()) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    // It is complete now, unless the child was faster than the signal.
    site.cutAfter = Number.POSITIVE_INFINITY;
    site.requests.length = 0;
    await loadBundle(site.address);
    const asked = site.requests.filter((request) => request.startsWith("encoder.onnx"));
    expect(asked).not.toContain("encoder.onnx");
    expect(await partials()).toEqual([]);
  });

  test("starts again if the server does not support ranges", async () => {
    site.cutAfter = 400_000;
    site.ranges = false;
    const loading = loadBundle(site.address);
    setTimeout(() => {
      site.cutAfter = Number.POSITIVE_INFINITY;
    }, 100);
    expect((await loading).files.encoder).toEqual(site.files.get("encoder.onnx")!);
  });

  test("refuses bytes that differ from the manifest, and keeps none of them", async () => {
    site.files.get("encoder.onnx")![500] = 1;
    expect(await codeOf(loadBundle(site.address))).toBe("bundle-hash-mismatch");
    site.files = await bigFiles();
    await loadBundle(site.address);
  });

  test("refuses a file that is longer than the manifest says, before all of it is there", async () => {
    site.files.set("encoder.onnx", new Uint8Array(5_000_000));
    expect(await codeOf(loadBundle(site.address))).toBe("bundle-hash-mismatch");
  });

  test("throws away a kept file that has been damaged", async () => {
    await loadBundle(site.address);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const bytes = await readFile(path);
      if (bytes.length === 1_000_000) await writeFile(path, bytes.subarray(1));
    }
    expect((await loadBundle(site.address)).files.encoder.length).toBe(1_000_000);
  });

  test("uses the stored bundle if something else answers instead of its server", async () => {
    await loadBundle(site.address);
    const portal = new TextEncoder().encode("<!doctype html><title>Accept our terms</title>");
    const huge = new Uint8Array(2_000_000).fill(0x20);
    for (const answer of [portal, huge, new Uint8Array(), new TextEncoder().encode('{"schemaVersion":1}')]) {
      site.files.set("manifest.json", answer);
      // Twice, because the first answer must not replace what is stored.
      for (let i = 0; i < 2; i++) expect((await loadBundle(site.address)).manifest.name).toBe("tiny");
    }
    site.status = 503;
    expect((await loadBundle(site.address)).manifest.name).toBe("tiny");
    // If the answer says that the bundle is gone, or is from a later release, it comes from the server itself.
    site.status = 404;
    expect(await codeOf(loadBundle(site.address))).toBe("bundle-missing");
    site.status = 200;
    site.files.set("manifest.json", new TextEncoder().encode('{"schemaVersion":99}'));
    expect(await codeOf(loadBundle(site.address))).toBe("bundle-version-unsupported");
  });

  test("refuses what is not a manifest before it has arrived completely, if none is stored", async () => {
    for (const answer of [new TextEncoder().encode("<html>"), new Uint8Array(50_000_000).fill(0x20)]) {
      site.files.set("manifest.json", answer);
      expect(await codeOf(loadBundle(site.address))).toBe("bundle-manifest-invalid");
    }
  });

  test("gives up on a silent server, and uses the stored bundle", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/models/tiny`;
    try {
      expect(await codeOf(loadBundle(address, undefined, 200))).toBe("bundle-missing");
      // Silent in the middle of a file.
      site.silentAfter = 300_000;
      const started = performance.now();
      await expect(loadBundle(site.address, undefined, 200)).rejects.toThrow("the server sent nothing for 0.2 s");
      expect(performance.now() - started).toBeLessThan(60_000);
      site.silentAfter = Number.POSITIVE_INFINITY;
      expect((await loadBundle(site.address)).manifest.name).toBe("tiny");
    } finally {
      silent.closeAllConnections();
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  test("does not use a link that replaced a partial download", async () => {
    await loadBundle(site.address);
    const key = (await readdir(folder)).find((name) => /^[0-9a-f]{64}$/.test(name))!;
    const theirs = join(folder, "theirs");
    await writeFile(theirs, "kept");
    const { size } = await stat(join(folder, key));
    await rm(join(folder, key));
    await symlink(theirs, join(folder, `${key}.${2 ** 22 + 1}-1.partial`));
    await loadBundle(site.address);
    expect((await stat(join(folder, key))).size).toBe(size);
    expect(await readFile(theirs, "utf8")).toBe("kept");
  });

  test("gives up on a server that begins again and again", async () => {
    const encoder = site.files.get("encoder.onnx")!;
    const send = (response: ServerResponse, from: number, to: number, status = from > 0 ? 206 : 200) => {
      const range = { "content-range": `bytes ${from}-${encoder.length - 1}/${encoder.length}` };
      response.writeHead(status, { "content-length": encoder.length - from, ...(status === 206 && range) });
      response.write(encoder.subarray(from, to), () => setTimeout(() => response.destroy(), 20));
    };
    const lengths = [70_000, 60_000];
    const answers: Readonly<Record<string, (start: number, response: ServerResponse) => void>> = {
      "without ranges, cut sooner or later": (_, response) => {
        lengths.reverse();
        send(response, 0, lengths[0]!);
      },
      "refusing every range": (start, response) => {
        if (start > 0) response.writeHead(416).end();
        else send(response, 0, 100);
      },
      "with a range that nobody asked for": (start, response) => {
        if (start > 0) send(response, 1, 100, 206);
        else send(response, 0, 100);
      },
      "a byte at a time": (start, response) => send(response, start, start + 1),
    };
    for (const [how, answer] of Object.entries(answers)) {
      await rm(folder, { recursive: true });
      site.requests.length = 0;
      site.answer = answer;
      expect([how, await codeOf(loadBundle(site.address))]).toEqual([how, "bundle-file-missing"]);
      expect(site.requests.filter((request) => request.startsWith("encoder.onnx")).length).toBeLessThan(8);
    }
    site.answer = undefined;
    expect((await loadBundle(site.address)).files.encoder).toEqual(encoder);
  });

  test("signs in with the name and password of the address, keeps its query, and shows none of them", async () => {
    const { port } = new URL(site.address);
    const login = `wé@:p%ss`;
    const seen: (string | undefined)[] = [];
    let status = 200;
    const guarded = createServer(async (request, response) => {
      seen.push(request.headers.authorization);
      const { pathname, searchParams } = new URL(request.url!, "http://localhost");
      if (searchParams.get("sig") !== "s3cret") return void response.writeHead(403).end();
      if (status !== 200) return void response.writeHead(status).end();
      const found = await fetch(`http://127.0.0.1:${port}${pathname}`);
      response.writeHead(found.status).end(new Uint8Array(await found.arrayBuffer()));
    });
    await new Promise<void>((resolve) => guarded.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(guarded.address() as AddressInfo).port}`;
    const address = `http://w%C3%A9%40:p%ss@${host}/models/tiny?sig=s3cret#part`;
    const saying = async (url: string) =>
      String(
        await loadBundle(url).then(
          ({ where }) => where,
          (error: Error) => error.message,
        ),
      );
    try {
      expect(await saying(address)).toBe(`http://${host}/models/tiny/`);
      const expected = `Basic ${Buffer.from(login).toString("base64")}`;
      expect(seen).toEqual(Array.from({ length: 5 }, () => expected));
      const messages: string[] = [await saying(address.replace("s3cret", "s4cond"))];
      for (const name of ["manifest.json", "vocabulary.txt", "encoder.onnx"]) {
        const kept = site.files.get(name)!;
        for (const bytes of [undefined, new Uint8Array(3), new Uint8Array(2_000_000)]) {
          await rm(folder, { recursive: true });
          if (bytes === undefined) site.files.delete(name);
          else site.files.set(name, bytes);
          messages.push(await saying(address));
        }
        site.files.set(name, kept);
      }
      await rm(folder, { recursive: true });
      status = 500;
      messages.push(await saying(address));
      await new Promise((resolve) => guarded.close(resolve));
      messages.push(await saying(address));
      expect(messages.filter((message) => !message.includes(host))).toEqual([]);
      expect(messages.filter((message) => /s3cret|s4cond|p%|%ss|w%C3|wé|Basic/.test(message))).toEqual([]);
    } finally {
      guarded.closeAllConnections();
      guarded.close();
    }
  });

  test("says what is missing", async () => {
    site.files.delete("vocabulary.txt");
    expect(await codeOf(loadBundle(site.address))).toBe("bundle-file-missing");
    expect(await codeOf(loadBundle(`${site.address}/nothing`))).toBe("bundle-missing");
  });

  test("stops when its signal is aborted, and keeps what is there", async () => {
    site.cutAfter = 500_000;
    const controller = new AbortController();
    const loading = reasonOf(loadBundle(site.address, controller.signal));
    const deadline = Date.now() + 60_000;
    while ((await partials()).length === 0 && Date.now() < deadline) await new Promise((r) => setTimeout(r, 1));
    const reason = new Error("left");
    controller.abort(reason);
    expect(await loading).toBe(reason);
  });

  test("reports how much has arrived, also after broken connections, and everything at the end", async () => {
    site.cutAfter = 300_000;
    const { manifest, files } = await openBundle(site.address);
    const total = Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0);
    const reports: LoadProgress[] = [];
    await files((progress) => reports.push(progress));
    expect(reports.length).toBeGreaterThan(5);
    expect(reports.every((progress) => progress.total === total)).toBe(true);
    expect(new Set(reports.map(({ file }) => file)).has("encoder.onnx")).toBe(true);
    const loaded = reports.map((progress) => progress.loaded);
    expect(loaded).toEqual([...new Set(loaded)].sort((a, b) => a - b));
    expect(loaded.at(-1)).toBe(total);
    // A stored bundle is there at once.
    const again: LoadProgress[] = [];
    await (await openBundle(site.address)).files((progress) => again.push(progress));
    expect(again.at(-1)).toEqual({ file: expect.any(String), loaded: total, total });
  });
});
