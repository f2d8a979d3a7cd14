import { isIP } from "node:net";
import { runtimeName } from "../platform/runtime_name.ts";
import type { CaptionServer } from "./app.ts";
import { LocalNames } from "./local_names.ts";
import { lingerMs, listenOnNode, type OpenSocket } from "./node_listener.ts";
import { contextOf } from "./request_context.ts";

/** Where a server listens. */
export interface Listener {
  /** Address for clients on this machine, without a trailing slash. */
  readonly url: string;
  /**
   * Stops accepting connections, and closes the open ones if `force` is set.
   *
   * @param force Whether to cut off open requests. Default false.
   */
  close(force?: boolean): Promise<void>;
}

/** Options of {@linkcode listen}. */
export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Port; 0 picks a free one. Default 3000. */
  readonly port?: number;
  /**
   * Host names that the server answers to, besides `localhost` and addresses: `captions.example.org`, `*.example.org`
   * for all subdomains, `*` for any. Default: none on a local address without tokens, so that no page can reach the
   * server by pointing its own name here; otherwise any.
   */
  readonly hosts?: readonly string[];
}

/** Time for a client to send a request's headers, and after which an idle connection is closed, in seconds. */
const headSeconds = 10;

/**
 * Opens a socket for a server, on Bun, Deno or Node.
 *
 * A connection is closed 10 to 14 seconds after its last answer, or if a request's headers take that long.
 *
 * @throws If the port is taken or not allowed.
 * @throws {EdgecapError} `option-invalid`, quoting what is not a host name in `hosts`.
 * @example
 * ```ts
 * import { createServer, listen } from "edgecap/server";
 *
 * await using server = createServer({ workers: 1 });
 * const listener = await listen(server, { port: 0 });
 * console.log((await fetch(`${listener.url}/healthz`)).status); // 200
 * await listener.close(true);
 * ```
 */
export async function listen(
  server: CaptionServer,
  { host = "127.0.0.1", port = 3000, hosts }: ListenOptions = {},
): Promise<Listener> {
  const limited = hosts ?? (isLoopback(host) && server.config.tokens.length === 0 ? [] : ["*"]);
  const names = new LocalNames(limited);
  const answer = (request: Request) => {
    contextOf(request).names = names;
    return server.fetch(request);
  };
  const socket =
    runtimeName() === "Bun" ? listenOnBun(answer, host, port) : await listenOnNode(answer, { host, port, headSeconds });
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${socket.port}`,
    close: socket.close,
  };
}

function listenOnBun(answer: (request: Request) => Promise<Response>, hostname: string, port: number): OpenSocket {
  const socket = Bun.serve({
    hostname,
    port,
    idleTimeout: headSeconds,
    // The app itself refuses a body that is too large, with a message.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    async fetch(request, bun) {
      // From here on the app's own time limits apply; a picture may wait longer than a silent connection may last.
      bun.timeout(request, 0);
      const response = await answer(request);
      if (response.headers.get("connection") === "close") await unread(request);
      // The limit belongs to the connection, and would otherwise stay lifted after the answer.
      const restore = () => bun.timeout(request, headSeconds);
      const { ended } = contextOf(request);
      if (ended === undefined) restore();
      else void ended.then(restore);
      return response;
    },
    error: () => new Response(null, { status: 500 }),
  });
  return { port: socket.port!, close: (force = false) => socket.stop(force) };
}

/**
 * Discards the rest of a body that the app does not read, before Bun closes the connection: otherwise most clients that
 * are still sending lose the answer.
 */
async function unread({ body }: Request): Promise<void> {
  if (body === null || body.locked) return;
  const reader = body.getReader();
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), lingerMs);
  try {
    while (!(await reader.read()).done);
  } catch {
    // The client has left.
  } finally {
    clearTimeout(timer);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
