import { Elysia } from "elysia";
import { CaptionService } from "./caption_service.ts";
import { resolveConfig, type ServerConfig, type ServerOptions } from "./config.ts";
import { Cors } from "./cors.ts";
import { Metrics } from "./metrics.ts";
import { type Operation, openApiDocument, operations, type Route } from "./openapi.ts";
import { page } from "./page/page.ts";
import type { ModelCard } from "./pool/messages.ts";
import { WorkerPool } from "./pool/worker_pool.ts";
import { Problem, problemOf } from "./problem.ts";
import { contextOf, shareContext } from "./request_context.ts";
import { RequestLog } from "./request_log.ts";
import { json } from "./responses.ts";
import { type Captioning, captions } from "./routes/captions.ts";
import { imageToText } from "./routes/hugging_face.ts";
import { Tokens } from "./tokens.ts";

/** A caption server without a socket: an Elysia app, its handler, and the workers behind it. */
export interface CaptionServer extends AsyncDisposable {
  /** The Elysia app with all routes, for those who mount it or add to it. */
  readonly app: Elysia;
  /** Answers a request, on any host that speaks the web's own Request and Response. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Resolves when the first worker can caption; rejects with an `EdgecapError` where the bundle cannot be loaded. */
  readonly ready: Promise<ModelCard>;
  /** The options with their defaults filled in. */
  readonly config: ServerConfig;
  /**
   * Takes no more photos, and waits for those in hand.
   *
   * @param limitMs Longest wait, in milliseconds.
   * @returns Whether all were finished.
   */
  drain(limitMs: number): Promise<boolean>;
}

/** Routes that need no token: what watches the server from outside, and the page, which asks for one. */
const open = new Set(["/healthz", "/readyz", "/openapi"]);

/**
 * Makes a caption server and starts its workers.
 *
 * @throws {EdgecapError} `option-invalid`
 */
export function createServer(options: ServerOptions = {}): CaptionServer {
  const config = resolveConfig(options);
  const metrics = new Metrics();
  const pool = new WorkerPool({
    bundle: config.bundle,
    backend: config.backend,
    workers: config.workers,
    queueSize: config.queueSize,
    deadlineMs: config.deadlineMs,
    hangMs: config.hangMs,
    createWorker: config.createWorker,
    observer: {
      ...metrics.observer,
      replaced: (reason, message) => {
        metrics.observer.replaced(reason);
        config.log({ time: new Date().toISOString(), event: "worker-replaced", reason, message });
      },
    },
  });
  const service = new CaptionService(pool, config.cacheBytes);
  metrics.watch(pool, service);
  const captioning: Captioning = {
    service,
    metrics,
    maxPixels: config.maxPixels,
    limits: {
      body: { maxBytes: config.maxBodyBytes, timeoutMs: config.bodyTimeoutMs },
      maxImages: config.maxImages,
      urls: config.allowed.some
        ? { allowed: config.allowed, maxBytes: config.maxBodyBytes, timeoutMs: config.urlTimeoutMs }
        : undefined,
    },
  };
  const tokens = new Tokens(config.tokens);
  const cors = new Cors(config.corsOrigins);
  const requestLog = new RequestLog(metrics, config.log);
  let draining = false;

  const guard = ({ request }: { request: Request }) => {
    const { pathname } = new URL(request.url);
    if (open.has(pathname) || (pathname === "/" && request.method !== "POST")) return;
    tokens.check(request);
  };
  const photos =
    (answer: typeof captions) =>
    ({ request }: { request: Request }): Promise<Response> => {
      if (draining) throw drained();
      return answer(request, captioning);
    };
  const app = new Elysia({ name: "edgecap" })
    .wrap((answer) => (request: Request, ...rest: unknown[]) => {
      const preflight = cors.preflight(request);
      const answered = preflight ?? (answer as (...args: unknown[]) => unknown)(routable(request), ...rest);
      return requestLog.around(request, Promise.resolve(answered as Response), cors);
    })
    .onRequest(guard)
    .onError(({ error, code, request }) => {
      const problem = code === "NOT_FOUND" ? unknownRoute(request, documented) : problemOf(error);
      const context = contextOf(request);
      context.code = problem.code;
      context.cause = problem.cause;
      return problem.response(context.id);
    })
    .get("/", ({ request }) => page(request), { detail: detail(operations.page) })
    .post("/v1/captions", photos(captions), {
      parse: "none",
      detail: detail(operations.captions),
    })
    .post("/", photos(imageToText), {
      parse: "none",
      detail: detail(operations.endpoint),
    })
    .post("/models/*", photos(imageToText), {
      parse: "none",
      detail: detail(operations.inference),
    })
    .get(
      "/v1/models",
      () => {
        if (pool.model === undefined) throw notReady();
        return json({ models: [pool.model] });
      },
      { detail: detail(operations.models) },
    )
    .get("/healthz", () => json({ status: "alive" }), { detail: detail(operations.healthz) })
    .get(
      "/readyz",
      () => {
        if (draining) throw drained();
        if (pool.state.ready === 0) throw notReady();
        return json({ status: "ready", workers: pool.state });
      },
      { detail: detail(operations.readyz) },
    )
    .get(
      "/metrics",
      async () => {
        const { body, contentType } = await metrics.text();
        return new Response(body, { headers: { "content-type": contentType, "cache-control": "no-store" } });
      },
      { detail: detail(operations.metrics) },
    )
    .get("/openapi", () => json(document, { "cache-control": "no-cache" }), { detail: detail(operations.openapi) });
  const documented = routesOf(app);
  const document = openApiDocument(documented, config.tokens.length > 0);
  return {
    app: app as unknown as Elysia,
    fetch: async (request) => app.fetch(request),
    ready: pool.ready,
    config,
    async drain(limitMs) {
      draining = true;
      return requestLog.idle(limitMs);
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** Elysia looks for the path behind the eleventh character, which a short host name does not reach. */
function routable(request: Request): Request {
  const { pathname, search, host, protocol } = new URL(request.url);
  if (protocol.length + "//".length + host.length >= 11) return request;
  const other = new Request(`http://localhost${pathname}${search}`, request);
  shareContext(request, other);
  return other;
}

/** Elysia keeps what is documented of a route under this name, and takes only its own type for it. */
function detail(operation: Operation): Record<string, unknown> {
  return operation as unknown as Record<string, unknown>;
}

function routesOf(app: { routes: { method: string; path: string; hooks: unknown }[] }): Route[] {
  return app.routes.map(({ method, path, hooks }) => ({
    method,
    path: path.replace("*", "{id}"),
    operation: (hooks as { detail: Operation }).detail,
  }));
}

function unknownRoute(request: Request, routes: readonly Route[]): Problem {
  const { pathname } = new URL(request.url);
  const methods = routes.filter(({ path }) => matches(path, pathname)).map(({ method }) => method);
  if (methods.length === 0)
    return new Problem("route-unknown", "There is nothing at this path: GET /openapi lists what there is.");
  const allow = methods.join(", ");
  return new Problem("method-not-allowed", `This path takes ${allow} only.`, { allow });
}

function matches(path: string, pathname: string): boolean {
  return path === pathname || (path.endsWith("/{id}") && pathname.startsWith(path.slice(0, -"{id}".length)));
}

function drained(): Problem {
  const message = "The server is shutting down: ask another, or this one again in a moment.";
  return new Problem("draining", message, { "retry-after": "5", connection: "close" });
}

function notReady(): Problem {
  return new Problem("not-ready", "No worker is up: try again in a moment.", { "retry-after": "2" });
}
