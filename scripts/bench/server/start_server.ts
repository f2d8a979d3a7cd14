import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServerOptions } from "../../../src/server/mod.ts";

const script = fileURLToPath(new URL("./server_process.ts", import.meta.url));

/** A server that runs in a separate process. */
export interface ServerProcess extends Disposable {
  readonly url: string;
  /** Resident memory after a collection, in bytes. */
  memory(): Promise<number>;
  /** Ends the thread of a worker without telling the pool. */
  kill(): void;
}

/** Starts a server and waits until all its workers are ready. */
export async function startServer(
  options: ServerOptions & { tiny?: boolean; workers: number },
): Promise<ServerProcess> {
  const { bundle: _, ...plain } = options;
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify({ tiny: false, ...plain })], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const url = (await lines.next()).value as string;
  while ((await readyWorkers(url)) < options.workers) await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    url,
    async memory() {
      child.stdin!.write("memory\n");
      return Number((await lines.next()).value);
    },
    kill: () => void child.stdin!.write("kill\n"),
    [Symbol.dispose]: () => void child.stdin!.end(),
  };
}

/** Workers of a server that can caption. */
export async function readyWorkers(url: string): Promise<number> {
  const response = await fetch(`${url}/readyz`);
  const body = (await response.json()) as { workers?: { ready: number } };
  return body.workers?.ready ?? 0;
}
