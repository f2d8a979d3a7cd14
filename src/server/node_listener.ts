import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { OpenSocket } from "./listen.ts";

/** Methods that a Request may not have. */
const unwritable = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Time in which the rest of a body that nobody reads may still arrive, in milliseconds, so that its sender sees the answer. */
const lingerMs = 1000;

/**
 * Opens a socket by `node:http`, on Deno and Node. Deno's own server knows no limits of time for heads and idle
 * connections, and does not tell of a client that leaves before its answer.
 *
 * @throws Where the port is taken or may not be used.
 */
export async function listenOnNode(
  answer: (request: Request) => Promise<Response>,
  { host, port, headSeconds }: { host: string; port: number; headSeconds: number },
): Promise<OpenSocket> {
  const server = createServer(
    {
      headersTimeout: headSeconds * 1000,
      keepAliveTimeout: headSeconds * 1000,
      // The app has its own limits for bodies.
      requestTimeout: 0,
      connectionsCheckingInterval: 1000,
    },
    (incoming, outgoing) => {
      respond(answer, incoming, outgoing).catch(() => outgoing.destroy());
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close(force = false) {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      if (force) server.closeAllConnections();
      else server.closeIdleConnections();
      return closed.promise;
    },
  };
}

async function respond(
  answer: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (unwritable.has(incoming.method ?? "")) {
    outgoing.writeHead(405, { allow: "GET, POST", connection: "close" }).end();
    return;
  }
  const left = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) left.abort(new DOMException("The client has left.", "AbortError"));
  });
  const response = await answer(requestOf(incoming, left.signal));
  const headers: Record<string, string> = Object.fromEntries(response.headers);
  // What nobody has read would keep the connection busy for as long as its sender likes.
  const unread = !incoming.complete;
  if (unread) headers["connection"] = "close";
  outgoing.writeHead(response.status, headers);
  if (response.body !== null && incoming.method !== "HEAD") {
    const reader = response.body.getReader();
    left.signal.addEventListener("abort", () => void reader.cancel(left.signal.reason).catch(() => {}));
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!outgoing.write(value)) await drained(outgoing, left.signal);
    }
  }
  outgoing.end();
  if (unread) {
    incoming.resume();
    const { socket } = incoming;
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }
}

/** The request as the web's own kind. Every header is kept, so that one given twice is seen to be. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", rawHeaders } = incoming;
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? (Readable.toWeb(incoming) as unknown as ReadableStream<Uint8Array>) : null;
  return new Request(urlOf(incoming.url ?? ""), {
    method,
    headers,
    signal,
    body,
    ...(hasBody && { duplex: "half" }),
  } as RequestInit);
}

/** URL of a request's target. One that makes no sense gets a scheme that the app refuses, as a Request needs some URL. */
function urlOf(target: string): string {
  const url = target.startsWith("/") ? `http://localhost${target}` : target;
  return URL.canParse(url) ? url : "invalid:target";
}

/** Waits until more may be written, or nobody reads any more. */
function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  outgoing.once("drain", resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
