import { readFileSync } from "node:fs";
import {
  type CaptionServer,
  createServer,
  type Listener,
  type LogLine,
  listen,
  type ServerOptions,
} from "../../src/server/mod.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

/** The request of a test. */
export type Body = string | Blob | FormData | Uint8Array<ArrayBuffer>;

/** Pictures of the repository by name. */
export function example(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../examples/${name}`, import.meta.url)));
}

/** A server with the tiny bundle that listens on a free port, and its log. */
export interface TinyServer extends AsyncDisposable {
  readonly server: CaptionServer;
  readonly listener: Listener;
  readonly url: string;
  readonly log: LogLine[];
  /** Posts a body to `/v1/captions`. */
  post(query: string, body: Body, headers?: Record<string, string>): Promise<Response>;
}

/** Starts the server, by default with one worker. */
export async function tinyServer(options: ServerOptions = {}): Promise<TinyServer> {
  const log: LogLine[] = [];
  const server = createServer({
    bundle: await tinyBundleFiles(),
    workers: 1,
    log: (line) => void log.push(line),
    ...options,
  });
  await server.ready;
  const listener = await listen(server, { port: 0 });
  const url = listener.url;
  return {
    server,
    listener,
    url,
    log,
    post: (query, body, headers = { "content-type": "image/jpeg" }) =>
      fetch(`${url}/v1/captions${query}`, { method: "POST", body, headers }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await listener.close(true);
    },
  };
}

/** The code of a problem document, after a check that it is one. */
export async function problemCode(response: Response): Promise<string> {
  if (response.headers.get("content-type") !== "application/problem+json")
    throw new Error(`Status ${response.status} came without a problem document: ${await response.text()}`);
  const document = (await response.json()) as Record<string, unknown>;
  for (const name of ["type", "title", "detail", "code", "instance"])
    if (typeof document[name] !== "string") throw new Error(`The problem has no ${name}.`);
  if (document["status"] !== response.status) throw new Error("The problem has another status than its answer.");
  if (/\n\s+at |[\\/](work|home|root|usr|tmp|src)[\\/]|\.ts\b/.test(JSON.stringify(document)))
    throw new Error(`The problem tells of the inside: ${JSON.stringify(document)}`);
  return document["code"] as string;
}
