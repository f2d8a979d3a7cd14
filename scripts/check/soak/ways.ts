/** The ways to use edgecap, each as a process that captions one picture after another. */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The result for a picture: its caption, or the code or message of the refusal. */
export type Answer = { readonly caption: string } | { readonly error: string };

/** A process that captions. */
export interface Way extends AsyncDisposable {
  readonly pid: number;
  /** Captions a file that it has not captioned before. */
  ask(path: string): Promise<Answer>;
}

const libraryProcess = fileURLToPath(new URL("./library_process.ts", import.meta.url));
const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

function start(args: readonly string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

async function next(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error("The process has ended.");
  return value;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.stdin?.end();
  child.kill("SIGTERM");
  await ended;
}

/** Starts a way by its name. It writes into the folder `scratch`. */
export const ways: Readonly<Record<string, (bundle: string, scratch: string) => Promise<Way>>> = {
  async library(bundle) {
    const { child, lines } = start([libraryProcess, bundle]);
    return {
      pid: child.pid!,
      async ask(path) {
        child.stdin!.write(`${path}\n`);
        return JSON.parse(await next(lines)) as Answer;
      },
      [Symbol.asyncDispose]: () => end(child),
    };
  },

  async server(bundle) {
    const { child, lines } = start([main, "serve", "--port", "0", "--workers", "1", "--bundle", bundle]);
    let url: string | undefined;
    while (url === undefined) url = /https?:\/\/[\w.]+:\d+/.exec(await next(lines))?.[0];
    while (!(await fetch(`${url}/readyz`)).ok) await wait(100);
    // Otherwise its log would fill the pipe.
    void (async () => {
      while ((await lines.next()).done !== true);
    })();
    return {
      pid: child.pid!,
      async ask(path) {
        const headers = { "content-type": "image/jpeg", "cache-control": "no-store" };
        const response = await fetch(`${url}/v1/captions`, { method: "POST", body: Bun.file(path), headers });
        const body = (await response.json()) as { readonly caption?: string; readonly code?: string };
        return response.ok ? { caption: body.caption! } : { error: body.code ?? String(response.status) };
      },
      [Symbol.asyncDispose]: () => end(child),
    };
  },

  async batch(bundle, scratch) {
    const out = join(scratch, "out.jsonl");
    const { child } = start([main, "batch", "-", "--out", out, "--workers", "1", "--bundle", bundle]);
    let file: Awaited<ReturnType<typeof open>> | undefined;
    let at = 0;
    return {
      pid: child.pid!,
      async ask(path) {
        child.stdin!.write(`${path}\n`);
        const buffer = Buffer.alloc(65_536);
        for (;;) {
          if (child.exitCode !== null) throw new Error("The batch has ended.");
          file ??= await open(out, "r").catch(() => undefined);
          const read = (await file?.read(buffer, 0, buffer.length, at))?.bytesRead ?? 0;
          const newline = buffer.subarray(0, read).indexOf(0x0a);
          if (newline !== -1) {
            at += newline + 1;
            const line = JSON.parse(buffer.toString("utf8", 0, newline)) as {
              caption?: string;
              error?: { code: string };
            };
            return line.error === undefined ? { caption: line.caption! } : { error: line.error.code };
          }
          await wait(5);
        }
      },
      async [Symbol.asyncDispose]() {
        await file?.close();
        await end(child);
      },
    };
  },

  async watch(bundle, scratch) {
    const folder = join(scratch, "watched");
    await mkdir(folder);
    const { child, lines } = start([main, "watch", folder, "--write", "json", "--bundle", bundle]);
    let count = 0;
    return {
      pid: child.pid!,
      async ask(path) {
        // Some pictures stay, so that there is a state to write.
        await rm(join(folder, `${count - 40}.jpg`), { force: true });
        const name = `${count++}.jpg`;
        await copyFile(path, join(folder, name));
        for (;;) {
          const line = await next(lines);
          if (!line.startsWith(`${name}: `) || line.endsWith(": gone")) continue;
          const text = line.slice(name.length + 2);
          return text.startsWith("no caption: ") ? { error: text } : { caption: text };
        }
      },
      [Symbol.asyncDispose]: () => end(child),
    };
  },
};
