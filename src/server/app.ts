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
import { openApiDocument, operations, type Refusal, type Route } from "./openapi.ts";
import { apiPage } from "./page/api_page.ts";
import { page } from "./page/page.ts";
import { notReady, Problem, problemOf } from "./problem.ts";
import { contextOf, shareContext } from "./request_context.ts";
import { RequestLog } from "./request_log.ts";
import { json } from "./responses.ts";
import { azureRoute } from "./routes/azure.ts";
import { type Captioning, captions } from "./routes/captions.ts";
import { imageToText } from "./routes/hugging_face.ts";
import { interrogateRoute } from "./routes/interrogate.ts";
import { llamaRoutes } from "./routes/llama_cpp.ts";
import { lmStudioRoute } from "./routes/lm_studio.ts";
import { ollamaRefusal } from "./routes/ollama_errors.ts";
import { ollamaRoutes } from "./routes/ollama_routes.ts";
import { bothRefusal } from "./routes/openai_errors.ts";
import { bothModels } from "./routes/openai_models.ts";
import { openAiRoutes } from "./routes/openai_routes.ts";
import { Tokens } from "./tokens.ts";

/** A caption server without a socket: its routes, its handler and its workers. */
export interface CaptionServer extends AsyncDisposable {
  /** All routes, as the OpenAPI document names them. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** Answers a request; works in any host that uses the web's Request and Response. */
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
    defaults: config.defaults,
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
  const checkReady = (): void => {
    if (draining) throw drained();
    if (pool.state.ready === 0) throw notReady();
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
    azureRoute(chatting, taking),
    interrogateRoute(chatting, taking),
    ...llamaRoutes(chatting, taking, checkReady, config.workers),
    lmStudioRoute(chatting),
    { method: "GET", path: "/healthz", operation: operations.healthz, answer: () => json({ status: "alive" }) },
    {
      method: "GET",
      path: "/readyz",
      operation: operations.readyz,
      answer: () => {
        checkReady();
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
    { method: "GET", path: "/docs", operation: operations.apiPage, answer: apiPage },
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
  const answerOf = async (request: Request): Promise<Response> => {
    const context = contextOf(request);
    const canonical = canonicalRequest(request);
    shareContext(request, canonical);
    const { pathname } = new URL(canonical.url);
    const found = routes.filter(({ path }) => matches(path, pathname));
    context.route = found[0]?.path;
    const near = found.length === 0 ? nearest(routes, pathname) : undefined;
    context.refusal = found.length === 0 ? (near?.refusal ?? refusalAt(pathname)) : found[0]!.refusal;
    context.names?.check(canonical);
    refuseOtherSites(canonical, cors, context.names);
    const preflight = cors.preflight(canonical);
    if (preflight !== undefined) return preflight;
    const method = request.method === "HEAD" ? "GET" : request.method;
    const route = found.find((one) => one.method === method);
    // A client without a token must not learn which routes exist.
    if (route?.operation.security === undefined) tokens.check(canonical);
    if (route === undefined) throw unknownRoute(found, near);
    return await route.answer(canonical);
  };
  const respond = async (request: Request): Promise<Response> => {
    const answer = await answerOf(request).catch((error: unknown) => refusal(request, error));
    return request.method === "HEAD" ? await withoutBody(answer) : answer;
  };
  return {
    routes,
    fetch: (request) => requestLog.around(request, respond(request), cors),
    ready: pool.ready,
    config,
    async drain(limitMs) {
      draining = true;
      return requestLog.idle(limitMs);
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** The headers of an answer, as HEAD gets them. */
async function withoutBody(answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
  if (answer.body !== null) headers.set("content-length", String((await answer.arrayBuffer()).byteLength));
  return new Response(null, { status: answer.status, headers });
}

function unknownRoute(found: readonly Route[], near: Route | undefined): Problem {
  if (found.length === 0 && near !== undefined)
    return new Problem("route-unknown", `This path does not exist, but ${near.path} does: check the client's address.`);
  if (found.length === 0)
    return new Problem("route-unknown", "This path does not exist: GET /openapi lists those that do.");
  const allow = methodsOf(found).join(", ");
  return new Problem("method-not-allowed", `This path takes ${allow} only.`, { allow });
}

/** The methods that these routes accept; GET includes HEAD. */
function methodsOf(routes: readonly Route[]): string[] {
  return [...new Set(routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])))];
}

/** Whether a path is that of a route, with or without a slash at its end. */
function matches(path: string, pathname: string): boolean {
  if (path.endsWith("/{id}")) {
    const before = path.slice(0, -"{id}".length);
    return pathname.startsWith(before) && pathname !== before;
  }
  return pathname === path || (path !== "/" && pathname === `${path}/`);
}

/** The route that a path ends like, as of a client whose address lacks `/v1`, or has it twice. */
function nearest(routes: readonly Route[], pathname: string): Route | undefined {
  const ends = (tail: string) => pathname.endsWith(tail) || pathname.endsWith(`${tail}/`);
  const tailOf = ({ path }: Route) => path.slice(path.indexOf("/", 1));
  const near = routes.filter((route) => /^\/(?:v1|api)\/[^{]+$/.test(route.path) && ends(tailOf(route)));
  return near.sort((a, b) => b.path.length - a.path.length)[0];
}

/** How clients of other servers expect an unknown path to be reported. */
function refusalAt(pathname: string): Refusal | undefined {
  if (pathname.startsWith("/api/")) return ollamaRefusal;
  return pathname.startsWith("/v1/") ? bothRefusal : undefined;
}

function drained(): Problem {
  const message = "The server is shutting down: use another one, or try again in a moment.";
  return new Problem("draining", message, { "retry-after": "5", connection: "close" });
}
