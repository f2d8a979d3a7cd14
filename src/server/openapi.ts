import { type TSchema, Type } from "@sinclair/typebox";
import packageJson from "../../package.json" with { type: "json" };
import { type Problem, type ProblemCode, statusOf } from "./problem.ts";
import { bothModelsSchema } from "./routes/openai_schemas.ts";
import * as schemas from "./schemas.ts";

/** A route's entry in the OpenAPI document. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security?: readonly [];
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

const binary = Type.String({ format: "binary" });
const text = Type.String();

/** Problems of a request for a caption. */
export const captionProblems: readonly ProblemCode[] = [
  "accept-unsupported",
  "body-invalid",
  "body-timeout",
  "body-too-large",
  "caption-too-long",
  "caption-unsure",
  "deadline-exceeded",
  "encoding-unsupported",
  "internal",
  "memory-full",
  "origin-forbidden",
  "token-invalid",
  "type-unsupported",
  "url-forbidden",
  "option-invalid",
];

const pictureBody = {
  required: true,
  content: {
    "image/*": { schema: binary },
    "application/octet-stream": { schema: binary },
    "multipart/form-data": { schema: schemas.formSchema },
    "application/json": { schema: schemas.jsonBodySchema },
  },
};

const inputsBody = {
  required: true,
  content: { "*/*": { schema: binary }, "application/json": { schema: schemas.inputsSchema } },
};

const generatedText = {
  "200": answer("The sentence.", { "application/json": schemas.generatedTextSchema }),
  ...problems(captionProblems),
};

/** The server's routes by name. */
type RouteName =
  | "page"
  | "captions"
  | "endpoint"
  | "inference"
  | "models"
  | "healthz"
  | "readyz"
  | "metrics"
  | "apiPage"
  | "openapi"
  | "openapiFile";

/** Every route of the server, as OpenAPI operations. */
export const operations: Readonly<Record<RouteName, Operation>> = {
  page: {
    operationId: "page",
    summary: "The web page for people.",
    tags: ["page"],
    security: [],
    responses: {
      "200": answer("The page.", { "text/html": text }),
      "304": { description: "The browser's copy is up to date." },
    },
  },
  captions: {
    operationId: "createCaptions",
    summary: "Captions one picture or several.",
    description:
      'Send the picture as the body, as a file of a form, or in JSON. Accept text/plain to get only the sentence, or text/event-stream to get each word once it is decided: events "word", then "caption" or "error".',
    tags: ["captions"],
    parameters: Object.entries(schemas.optionsSchema.properties).map(([name, { description, ...schema }]) => ({
      name,
      in: "query",
      required: false,
      description,
      schema,
    })),
    requestBody: pictureBody,
    responses: {
      "200": answer("The caption; for several pictures a list, with an error for each that failed.", {
        "application/json": schemas.captionsSchema,
        "text/plain": text,
        "text/event-stream": text,
      }),
      ...problems(captionProblems),
    },
  },
  endpoint: {
    operationId: "imageToTextEndpoint",
    summary: "Captions a picture like a Hugging Face endpoint.",
    tags: ["hugging face"],
    requestBody: inputsBody,
    responses: generatedText,
  },
  inference: {
    operationId: "imageToText",
    summary: "Captions a picture like Hugging Face's inference API.",
    description: "There is only one model; it answers for any id.",
    tags: ["hugging face"],
    parameters: [{ name: "id", in: "path", required: true, schema: Type.String({ minLength: 1 }) }],
    requestBody: inputsBody,
    responses: generatedText,
  },
  models: {
    operationId: "listModels",
    summary: "The model, in edgecap's format and in OpenAI's.",
    tags: ["captions"],
    responses: {
      "200": answer("The list of models, which has one entry.", { "application/json": bothModelsSchema }),
      ...problems(["not-ready", "token-invalid"]),
    },
  },
  healthz: {
    operationId: "healthz",
    summary: "Tells whether the server is alive.",
    tags: ["operation"],
    security: [],
    responses: { "200": answer("The server is alive.", { "application/json": schemas.statusSchema }) },
  },
  readyz: {
    operationId: "readyz",
    summary:
      "Tells whether the server can caption: the bundle is loaded, a worker is ready, and the server is not shutting down.",
    tags: ["operation"],
    security: [],
    responses: {
      "200": answer("The server can caption.", { "application/json": schemas.statusSchema }),
      ...problems(["not-ready", "draining"]),
    },
  },
  metrics: {
    operationId: "metrics",
    summary: "Metrics in the format of Prometheus.",
    tags: ["operation"],
    responses: { "200": answer("The metrics.", { "text/plain": text }), ...problems(["token-invalid"]) },
  },
  apiPage: {
    operationId: "apiPage",
    summary: "This document in Swagger UI, for people.",
    tags: ["page"],
    security: [],
    responses: {
      "200": answer("The page.", { "text/html": text }),
      "302": { description: "The path without the slash at its end." },
      "304": { description: "The browser's copy is up to date." },
    },
  },
  openapi: {
    operationId: "openapi",
    summary: "This document.",
    tags: ["operation"],
    security: [],
    responses: { "200": answer("The document.", { "application/json": Type.Object({}) }) },
  },
  openapiFile: {
    operationId: "openapiFile",
    summary: "This document, under the path that tools expect.",
    tags: ["operation"],
    security: [],
    responses: { "200": answer("The document.", { "application/json": Type.Object({}) }) },
  },
};

/** A route of the server. */
export interface Route {
  readonly method: string;
  /** Path; `{id}` at its end matches anything. */
  readonly path: string;
  /** Its entry in the OpenAPI document; it needs a token unless its `security` is empty. */
  readonly operation: Operation;
  readonly answer: (request: Request) => Response | Promise<Response>;
  /** How a problem is sent. Default: as a document of RFC 9457. */
  readonly refusal?: Refusal;
}

/** Makes the answer to a refused request, in the format that its client expects. */
export type Refusal = (problem: Problem, requestId: string) => Response;

/** The OpenAPI 3.1 document of these routes. */
export function openApiDocument(routes: readonly Route[], withTokens: boolean): object {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { method, path, operation } of routes) {
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = operation;
  }
  const document = {
    openapi: "3.1.0",
    info: {
      title: packageJson.name,
      version: packageJson.version,
      description: packageJson.description,
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    // Relative to this document, which may be below another app's path.
    servers: [{ url: "./" }],
    ...(withTokens && { security: [{ token: [] }] }),
    paths,
    ...(withTokens && { components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } } }),
  };
  // TypeBox stores symbols in its schemas, which JSON omits.
  return JSON.parse(JSON.stringify(document)) as object;
}

/** An operation's answer, by content type. */
export function answer(description: string, content: Readonly<Record<string, TSchema>>): object {
  return {
    description,
    content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
  };
}

/** The responses of an operation that these problems have. */
export function problems(codes: readonly ProblemCode[]): Record<string, object> {
  const byStatus = Object.groupBy(codes, (code) => String(statusOf(code)));
  return Object.fromEntries(
    Object.keys(byStatus).map((status) => [
      status,
      answer("A problem; its code says which.", { "application/problem+json": schemas.problemSchema }),
    ]),
  );
}

/**
 * The responses of an operation of another server's API that these problems have. There, 400 stands for 415 and 422
 * too.
 */
export function otherProblems(
  codes: readonly ProblemCode[],
  description: string,
  schema: TSchema,
): Record<string, object> {
  const statuses = codes.map((code) => ([415, 422].includes(statusOf(code)) ? 400 : statusOf(code)));
  const shape = answer(description, { "application/json": schema });
  return Object.fromEntries([...new Set(statuses)].map((status) => [String(status), shape]));
}
