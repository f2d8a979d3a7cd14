import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A listener's socket. */
export interface OpenSocket {
  readonly port: number;
  close(force?: boolean): Promise<void>;
}

/** Methods that a Request may not have. */
const unwritable = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Most headers of a request. */
const mostHeaders = 100;

/**
 * Time in which the rest of a body that nobody reads may still arrive, in milliseconds, so that its sender sees the
 * answer.
 */
export const lingerMs = 1000;

/**
 * Opens a socket with `node:http`, on Deno and Node. Deno's own server has no time limits for headers and idle
 * connections, and does not report a client that disconnects before its answer.
 *
 * @throws If the port is taken or not allowed.
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
    outgoing.writeHead(405, { allow: "GET, HEAD, POST", connection: "close" }).end();
    return;
  }
  if (incoming.rawHeaders.length > 2 * mostHeaders) {
    outgoing.writeHead(431, { connection: "close" }).end();
    return;
  }
  const left = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) left.abort(new DOMException("The client disconnected.", "AbortError"));
  });
  const response = await answer(requestOf(incoming, left.signal));
  const headers: Record<string, string> = Object.fromEntries(response.headers);
  if (!incoming.complete) {
    await answerEarly(outgoing, incoming, response, headers);
    return;
  }
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
}

/**
 * Answers a request whose body has not arrived, and closes the connection, which its sender could otherwise keep open
 * for as long as it likes. What arrives in the meantime is discarded, because closing the connection on it would lose
 * the answer.
 */
async function answerEarly(
  outgoing: ServerResponse,
  incoming: IncomingMessage,
  response: Response,
  headers: Record<string, string>,
): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  outgoing.writeHead(response.status, { ...headers, connection: "close", "content-length": body.length });
  outgoing.write(body);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lingerMs);
  // The body as a stream would pause it once its buffer is full.
  incoming.removeAllListeners("data").once("end", resolve).once("close", resolve).resume();
  await promise;
  clearTimeout(timer);
  outgoing.end();
  incoming.socket.destroySoon();
}

/** The request as a web Request. All headers are kept, so that duplicates can be detected. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", rawHeaders } = incoming;
  // Not a Headers object, because the time that Deno takes to copy one grows with the square of the number of headers.
  const headers: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? bodyOf(incoming) : null;
  return new Request(urlOf(incoming.url ?? ""), {
    method,
    headers,
    signal,
    body,
    ...(hasBody && { duplex: "half" }),
  } as RequestInit);
}

/** Most unread bytes of a body. */
const waitingBytes = 65_536;

/** The body as a stream. Cancelling it leaves the connection open for the answer; Node's own stream would close it. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let open = true;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.on("data", (chunk: Uint8Array) => {
          if (!open) return;
          controller.enqueue(new Uint8Array(chunk));
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        const end = (error?: Error) => {
          if (!open) return;
          open = false;
          if (error === undefined) controller.close();
          else controller.error(error);
        };
        incoming.once("end", () => end());
        incoming.once("error", end);
        incoming.once("close", () => end(new Error("The connection was cut.")));
      },
      pull: () => void incoming.resume(),
      cancel() {
        open = false;
      },
    },
    { highWaterMark: waitingBytes, size: (chunk) => chunk?.length ?? 0 },
  );
}

/**
 * URL of a request's target. An invalid one gets a scheme that the app refuses, because a Request needs a URL.
 */
function urlOf(target: string): string {
  const url = target.startsWith("/") ? `http://localhost${target}` : target;
  return URL.canParse(url) ? url : "invalid:target";
}

/** Waits until more can be written or the reader is gone. */
function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  outgoing.once("drain", resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
