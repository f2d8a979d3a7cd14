import { Elysia } from "elysia";
import type { ModelCard } from "../pool/messages.ts";
import { WorkerPool } from "../pool/worker_pool.ts";
import { BodyMemory } from "./body_memory.ts";
import { canonicalRequest } from "./canonical_request.ts";
import { CaptionService } from "./caption_service.ts";
import type { Chatting } from "./chat/question.ts";
import { resolveConfig, type ServerConfig, type ServerOptions } from "./config.ts";
import { Cors } from "./cors.ts";
import { refuseOtherSites } from "./local_names.ts";
import { Metrics } from "./metrics.ts";
import { type Operation, openApiDocument, operations, type Refusal, type Route } from "./openapi.ts";
import { page } from "./page/page.ts";
import { reader } from "./page/reader.ts";
import { notReady, Problem, problemOf } from "./problem.ts";
import { contextOf, shareContext } from "./request_context.ts";
import { RequestLog } from "./request_log.ts";
import { json } from "./responses.ts";
import { type Captioning, captions } from "./routes/captions.ts";
import { imageToText } from "./routes/hugging_face.ts";
import { ollamaRefusal } from "./routes/ollama_errors.ts";
import { ollamaRoutes } from "./routes/ollama_routes.ts";
import { bothRefusal } from "./routes/openai_errors.ts";
import { bothModels } from "./routes/openai_models.ts";
import { openAiRoutes } from "./routes/openai_routes.ts";
import { Tokens } from "./tokens.ts";

/** A caption server without a socket: an Elysia app, its handler and its workers. */
export interface CaptionServer extends AsyncDisposable {
  /** The Elysia app with all routes, to mount or to extend. */
  readonly app: Elysia;
  /** Answers a request, on any host that uses the web's Request and Response. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Resolves when the first worker can caption; rejects with an `EdgecapError` if the bundle cannot be loaded. */
  readonly ready: Promise<ModelCard>;
  /** The options with their defaults filled in. */
  readonly config: ServerConfig;
  /**
   * Refuses new pictures, and waits for the open requests.
   *
   * @param limitMs Longest wait, in milliseconds.
   * @returns Whether all were finished.
   */
  drain(limitMs: number): Promise<boolean>;
}

/**
 * Creates a caption server and starts its workers.
 *
 * @throws {EdgecapError} `option-invalid`
 * @example
 * ```ts
 * import { createServer } from "edgecap/server";
 *
 * await using server = createServer({ workers: 1 });
 * await server.ready;
 * const response = await server.fetch(new Request("http://localhost/readyz"));
 * console.log(response.status); // 200
 * ```
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
  const memory = new BodyMemory(config.bodyMemoryBytes);
  metrics.watch(pool, service, memory);
  const captioning: Captioning = {
    service,
    metrics,
    maxPixels: config.maxPixels,
    limits: {
      body: { maxBytes: config.maxBodyBytes, timeoutMs: config.bodyTimeoutMs },
      memory,
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

  const chatting: Chatting = { ...captioning, model: () => pool.model, since: new Date() };

  /** Lets a route accept pictures, unless the server is shutting down. */
  const taking =
    (answer: Route["answer"]): Route["answer"] =>
    (request) => {
      if (draining) throw drained();
      return answer(request);
    };
  const pictures = (answer: typeof captions) => taking((request) => answer(request, captioning));
  const routes: readonly Route[] = [
    { method: "GET", path: "/", operation: operations.page, answer: page },
    { method: "POST", path: "/v1/captions", operation: operations.captions, answer: pictures(captions) },
    { method: "POST", path: "/", operation: operations.endpoint, answer: pictures(imageToText) },
    { method: "POST", path: "/models/{id}", operation: operations.inference, answer: pictures(imageToText) },
    {
      method: "GET",
      path: "/v1/models",
      operation: operations.models,
      answer: () => bothModels(chatting),
      refusal: bothRefusal,
    },
    ...openAiRoutes(chatting, taking),
    ...ollamaRoutes(chatting, taking),
    { method: "GET", path: "/healthz", operation: operations.healthz, answer: () => json({ status: "alive" }) },
    {
      method: "GET",
      path: "/readyz",
      operation: operations.readyz,
      answer: () => {
        if (draining) throw drained();
        if (pool.state.ready === 0) throw notReady();
        return json({ status: "ready", workers: pool.state });
      },
    },
    {
      method: "GET",
      path: "/metrics",
      operation: operations.metrics,
      answer: async () => {
        const { body, contentType } = await metrics.text();
        return new Response(body, { headers: { "content-type": contentType, "cache-control": "no-store" } });
      },
    },
    { method: "GET", path: "/docs", operation: operations.reader, answer: reader },
    {
      method: "GET",
      path: "/openapi",
      operation: operations.openapi,
      answer: () => json(document, { "cache-control": "no-cache" }),
    },
    {
      method: "GET",
      path: "/openapi.json",
      operation: operations.openapiFile,
      answer: () => json(document, { "cache-control": "no-cache" }),
    },
  ];
  const document = openApiDocument(routes, tokens.wanted);

  /** The response to a failed request, recorded for the log. */
  const refusal = (request: Request, error: unknown): Response => {
    const problem = problemOf(error);
    const context = contextOf(request);
    context.code = problem.code;
    context.cause = problem.cause;
    return context.refusal?.(problem, context.id) ?? problem.response(context.id);
  };
  const lost = (request: Request): unknown => {
    try {
      // A client without a token does not learn which routes exist.
      tokens.check(request);
    } catch (wrongToken) {
      return wrongToken;
    }
    return unknownRoute(request, routes);
  };
  const respond = async (request: Request, route: (request: Request) => unknown): Promise<Response> => {
    const context = contextOf(request);
    try {
      const canonical = canonicalRequest(request);
      shareContext(request, canonical);
      const { pathname } = new URL(canonical.url);
      const found = routes.find(({ path }) => matches(path, pathname));
      context.route = found?.path;
      context.refusal = found === undefined ? refusalAt(pathname) : found.refusal;
      context.names?.check(canonical);
      refuseOtherSites(canonical, cors, context.names);
      return cors.preflight(canonical) ?? ((await route(canonical)) as Response);
    } catch (error) {
      return refusal(request, error);
    }
  };
  const app = new Elysia({ name: "edgecap" })
    .wrap((answer) => (request: Request, ...rest: unknown[]) => {
      const route = (canonical: Request) => (answer as (...args: unknown[]) => unknown)(canonical, ...rest);
      return requestLog.around(request, respond(request, route), cors);
    })
    .onError(({ error, code, request }) => refusal(request, code === "NOT_FOUND" ? lost(request) : error));
  for (const { method, path, operation, answer } of routes) {
    // The matched route decides whether a token is needed, so different readings of the path cannot disagree.
    const guarded = ({ request }: { request: Request }) => {
      if (operation.security === undefined) tokens.check(request);
      return answer(request);
    };
    app.route(method, path.replace("{id}", "*"), guarded, { parse: "none", detail: detail(operation) });
  }
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

/** Elysia stores a route's documentation under this name, and only accepts its own type. */
function detail(operation: Operation): Record<string, unknown> {
  return operation as unknown as Record<string, unknown>;
}

function unknownRoute(request: Request, routes: readonly Route[]): Problem {
  const { pathname } = new URL(request.url);
  const methods = routes.filter(({ path }) => matches(path, pathname)).map(({ method }) => method);
  if (methods.length === 0)
    return new Problem("route-unknown", "This path does not exist: GET /openapi lists those that do.");
  const allow = methods.join(", ");
  return new Problem("method-not-allowed", `This path takes ${allow} only.`, { allow });
}

function matches(path: string, pathname: string): boolean {
  return path === pathname || (path.endsWith("/{id}") && pathname.startsWith(path.slice(0, -"{id}".length)));
}

/** How clients of other servers expect an unknown path to be reported. */
function refusalAt(pathname: string): Refusal | undefined {
  if (pathname.startsWith("/api/")) return ollamaRefusal;
  return pathname.startsWith("/v1/") ? bothRefusal : undefined;
}

function drained(): Problem {
  const message = "The server is shutting down: ask another one, or try again in a moment.";
  return new Problem("draining", message, { "retry-after": "5", connection: "close" });
}
