import { EdgecapError } from "../errors.ts";
import type { LogLine } from "./config.ts";
import type { Cors } from "./cors.ts";
import type { Metrics } from "./metrics.ts";
import { contextOf } from "./request_context.ts";

/** Status in the log and metrics if the client disconnected before the answer; no client sees it. */
const clientLeft = 499;

/** Forbids everything, in case a browser displays an answer. */
const noDocument = "default-src 'none'; frame-ancestors 'none'";

/** Counts, times and logs requests, gives each an id, and knows how many are open. */
export class RequestLog {
  readonly #metrics: Metrics;
  readonly #log: (line: LogLine) => void;
  #inHand = 0;
  #waiters: (() => void)[] = [];

  constructor(metrics: Metrics, log: (line: LogLine) => void) {
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Follows a request to its end, and adds the headers that every answer has. */
  async around(request: Request, answered: Promise<Response>, cors: Cors): Promise<Response> {
    const started = performance.now();
    const context = contextOf(request);
    this.#inHand++;
    try {
      const response = await answered;
      response.headers.set("x-request-id", context.id);
      response.headers.set("x-content-type-options", "nosniff");
      // The page has its own policy; nothing else is a document.
      if (!response.headers.has("content-security-policy")) response.headers.set("content-security-policy", noDocument);
      cors.mark(request, response.headers);
      const status = isAborted(context.cause) ? clientLeft : response.status;
      if (context.ended === undefined) this.#end(request, status, started);
      else void context.ended.then(() => this.#end(request, isAborted(context.cause) ? clientLeft : status, started));
      return response;
    } catch (error) {
      this.#end(request, 500, started);
      throw error;
    }
  }

  /** Waits until no request is open, at most this many milliseconds. Returns whether none is. */
  async idle(limitMs: number): Promise<boolean> {
    if (this.#inHand === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), limitMs);
    this.#waiters.push(() => resolve(true));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #end(request: Request, status: number, started: number): void {
    const { id, route = "other", images, bytes, origin, code, cause, memory } = contextOf(request);
    memory?.[Symbol.dispose]();
    const ms = performance.now() - started;
    this.#metrics.request(route, methodOf(request), status, ms / 1000);
    if (code !== undefined && status !== clientLeft) this.#metrics.problem(code);
    this.#log({
      time: new Date().toISOString(),
      id,
      method: methodOf(request),
      route,
      status,
      ms: Math.round(ms * 10) / 10,
      images,
      bytes,
      origin,
      code: status === clientLeft ? undefined : code,
      error: status >= 500 && cause !== undefined ? String(cause) : undefined,
    });
    this.#inHand--;
    if (this.#inHand === 0) for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** Each invented method would create a new time series. */
function methodOf({ method }: Request): string {
  return ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].includes(method) ? method : "other";
}

function isAborted(cause: unknown): boolean {
  return (
    (cause instanceof EdgecapError && cause.code === "aborted") ||
    (cause instanceof DOMException && cause.name === "AbortError")
  );
}
