import type { CaptionServer } from "./app.ts";

/** Where a server listens. */
export interface Listener {
  /** Address that a client on this machine can ask, without a slash at the end. */
  readonly url: string;
  /**
   * Stops accepting connections, and closes those that are open when asked to.
   *
   * @param force Whether to cut off what is still in hand. Default false.
   */
  close(force?: boolean): Promise<void>;
}

/** Options of {@linkcode listen}. */
export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Port; 0 picks a free one. Default 3000. */
  readonly port?: number;
}

/** Seconds in which a client has to send the head of its request, and in which an idle connection is closed. */
const headSeconds = 10;

/** What is used of Deno, whose types are not here. */
interface DenoHost {
  serve(
    options: {
      hostname: string;
      port: number;
      signal: AbortSignal;
      onListen: () => void;
      onError: (error: unknown) => Response;
    },
    handler: (request: Request) => Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

/**
 * Opens a socket for a server, on Bun, Deno or Node.
 *
 * @throws Where the port is taken or may not be used.
 */
export async function listen(
  server: CaptionServer,
  { host = "127.0.0.1", port = 3000 }: ListenOptions = {},
): Promise<Listener> {
  const { Deno, Bun } = globalThis as { Deno?: DenoHost; Bun?: unknown };
  if (Deno !== undefined) return listenOnDeno(Deno, server, host, port);
  if (Bun !== undefined) return listenOnBun(server, host, port);
  // Only here: the others have no use for the package that it takes.
  const { listenOnNode } = await import("./listen_node.ts");
  const socket = await listenOnNode(server, host, port, headSeconds);
  return { url: urlOf(host, socket.port), close: (force = false) => socket.close(force) };
}

function listenOnBun(server: CaptionServer, hostname: string, port: number): Listener {
  const socket = Bun.serve({
    hostname,
    port,
    idleTimeout: headSeconds,
    // The app refuses a body that is too large itself, and says so.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    fetch(request, bun) {
      // From here the app has its own limits of time, and a photo may wait for longer than a silent connection may last.
      bun.timeout(request, 0);
      return server.fetch(request);
    },
    error: failed,
  });
  return { url: urlOf(hostname, socket.port!), close: (force = false) => socket.stop(force) };
}

function listenOnDeno(deno: DenoHost, server: CaptionServer, hostname: string, port: number): Listener {
  const cut = new AbortController();
  let closing = false;
  const socket = deno.serve({ hostname, port, signal: cut.signal, onListen: () => {}, onError: failed }, server.fetch);
  return {
    url: urlOf(hostname, socket.addr.port),
    async close(force = false) {
      // Deno takes it ill to be asked twice.
      if (closing) return;
      closing = true;
      if (force) cut.abort();
      else await socket.shutdown();
    },
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function failed(): Response {
  return new Response(null, { status: 500 });
}
