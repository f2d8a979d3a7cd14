import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Caption, load } from "../../src/mod.ts";
import { writeTinyBundle } from "../cli/edgecap.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { example } from "./tiny_server.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const onDeno = "Deno" in globalThis;
const coffee = example("coffee.jpg");

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly log: string[];
  readonly exit: Promise<number | null>;
}

let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-serve-"));
  bundle = await writeTinyBundle(join(folder, "bundle"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function start(
  args: string[],
  env: Record<string, string> = {},
  stdio: StdioOptions = ["ignore", "pipe", "pipe"],
): ChildProcess {
  const runtime = onDeno ? ["run", "-A", "--no-check", main] : [main];
  return spawn(process.execPath, [...runtime, "serve", ...args], {
    env: { ...process.env, ...env },
    stdio,
  });
}

/** Starts `edgecap serve`, reads its address from the first line, and waits until it is ready. */
async function serve(args: string[], env: Record<string, string> = {}): Promise<Served> {
  const child = start(["--port", "0", "--workers", "1", "--bundle", bundle, ...args], env);
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  const log: string[] = [];
  createInterface({ input: child.stderr! }).on("line", (line) => log.push(line));
  const lines = createInterface({ input: child.stdout! });
  const first = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    void exit.then((status) => reject(new Error(`It ended with ${status}: ${log.join("\n")}`)));
  });
  const url = /^Listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(first)?.[1];
  if (url === undefined) throw new Error(`The first line is "${first}".`);
  while ((await fetch(`${url}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  return { child, url, log, exit };
}

function post(url: string, query = "", headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/captions${query}`, {
    method: "POST",
    body: coffee,
    headers: { "content-type": "image/jpeg", ...headers },
  });
}

describe("edgecap serve", () => {
  test("captions as the library does, logs a line per request, and ends with 0 at SIGTERM", async () => {
    const { child, url, log, exit } = await serve([]);
    const result = (await (await post(url, "?beams=3")).json()) as Caption;
    await using captioner = await load({ bundle: await tinyBundleFiles() });
    expect(result.caption).toBe((await captioner.caption(coffee, { beams: 3 })).caption);
    expect((await fetch(url)).headers.get("content-type")).toBe("text/html; charset=utf-8");
    process.kill(child.pid!, "SIGTERM");
    expect(await exit).toBe(0);
    // Deno adds its own remark.
    const lines = log.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ route }) => route === "/v1/captions")).toMatchObject({ status: 200, images: 1 });
  });

  test("finishes its current pictures before it ends, and accepts nothing new", async () => {
    const { child, url, exit } = await serve([]);
    const asked = post(url, "?beams=60&maxWords=400");
    await until(async () => {
      const { workers } = (await (await fetch(`${url}/readyz`)).json()) as { workers: { busy: number } };
      return workers.busy === 1;
    });
    process.kill(child.pid!, "SIGTERM");
    await until(async () => {
      const status = await fetch(`${url}/readyz`, { headers: { connection: "close" } }).then(
        (response) => response.status,
        () => 0,
      );
      return status === 0 || status === 503;
    });
    const response = await asked;
    expect(response.status).toBe(200);
    expect(((await response.json()) as Caption).words.length).toBeGreaterThan(0);
    expect(await exit).toBe(0);
  });

  test("ends at once at a second signal", async () => {
    const { child, url, exit } = await serve([]);
    // More than one, each of them other work, so that the worker is busy for a while.
    const asked = Array.from({ length: 12 }, (_, i) =>
      post(url, `?beams=64&maxWords=1000&alternatives=${63 - i}`).catch(() => "cut off"),
    );
    await until(async () => {
      const { workers } = (await (await fetch(`${url}/readyz`)).json()) as { workers: { busy: number } };
      return workers.busy === 1;
    });
    process.kill(child.pid!, "SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(child.pid!, "SIGTERM");
    expect(await exit).toBe(143);
    expect(await Promise.all(asked)).toContain("cut off");
  });

  test("answers and ends even if nobody reads its log", async () => {
    const pipe = join(folder, "log-pipe");
    execFileSync("mkfifo", [pipe]);
    // Open at both ends, so that it can be written to, and never read.
    const unread = openSync(pipe, "r+");
    const child = start(["--port", "0", "--workers", "1", "--bundle", bundle], {}, ["ignore", "pipe", unread]);
    const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
    const lines = createInterface({ input: child.stdout! });
    const url = (await new Promise<string>((resolve) => lines.once("line", resolve))).split(" ").at(-1)!;
    // A pipe holds 64 KiB, and a line has some 150 bytes.
    for (let i = 0; i < 30; i++) {
      const asked = Array.from({ length: 40 }, () => fetch(`${url}/healthz`).then((response) => response.text()));
      expect(new Set(await Promise.all(asked))).toEqual(new Set(['{"status":"alive"}']));
    }
    process.kill(child.pid!, "SIGTERM");
    expect(await exit).toBe(0);
    closeSync(unread);
  });

  test("takes tokens from a file and from the environment", async () => {
    const file = join(folder, "tokens");
    writeFileSync(file, "from-a-file\n");
    for (const { child, url, exit } of [
      await serve(["--tokens", file]),
      await serve([], { EDGECAP_TOKENS: "from-a-file other" }),
    ]) {
      expect((await post(url)).status).toBe(401);
      expect((await post(url, "", { authorization: "Bearer from-a-file" })).status).toBe(200);
      process.kill(child.pid!, "SIGTERM");
      await exit;
    }
  });

  test("says what is wrong with its options and its bundle", async () => {
    for (const [args, status, message] of [
      [["--bundle", join(folder, "nothing"), "--port", "0"], 1, "No bundle at"],
      [["--port", "70000"], 2, "70000"],
      [["--hosts", "http://x", "--port", "0"], 2, "http://x"],
      [["--cors", "app.example", "--port", "0"], 2, "app.example"],
      [["--allow-url-hosts", "http://x", "--port", "0"], 2, "http://x"],
      [["--tokens", join(folder, "none"), "--port", "0"], 1, "Cannot read the tokens"],
    ] as const) {
      const child = start([...args]);
      let text = "";
      child.stderr!.on("data", (chunk) => {
        text += chunk;
      });
      const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
      expect([args[0], code]).toEqual([args[0], status]);
      expect(text).toContain(message);
    }
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
