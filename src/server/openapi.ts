import { type TSchema, Type } from "@sinclair/typebox";
import packageJson from "../../package.json" with { type: "json" };
import { type Problem, type ProblemCode, statusOf } from "./problem.ts";
import { bothModelsSchema } from "./routes/openai_schemas.ts";
import * as schemas from "./schemas.ts";

/** What the document says of a route. */
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

/** What can be wrong with a request for a caption. */
export const captionProblems: readonly ProblemCode[] = [
  "accept-unsupported",
  "body-invalid",
  "body-timeout",
  "body-too-large",
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

const photoBody = {
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
  | "openapi"
  | "openapiFile";

/** Every route of the server, in the words of OpenAPI. */
export const operations: Readonly<Record<RouteName, Operation>> = {
  page: {
    operationId: "page",
    summary: "The page for people.",
    tags: ["page"],
    security: [],
    responses: {
      "200": answer("The page.", { "text/html": text }),
      "304": { description: "The browser has it already." },
    },
  },
  captions: {
    operationId: "createCaptions",
    summary: "Captions one photo or several.",
    description:
      "The photo is the body, a file of a form, or in JSON. Accept text/plain for the sentence alone, or text/event-stream for the words as they are decided: events word, then caption or error.",
    tags: ["captions"],
    parameters: Object.entries(schemas.optionsSchema.properties).map(([name, { description, ...schema }]) => ({
      name,
      in: "query",
      required: false,
      description,
      schema,
    })),
    requestBody: photoBody,
    responses: {
      "200": answer("The caption; of several photos a list, with an error in place of each that failed.", {
        "application/json": schemas.captionsSchema,
        "text/plain": text,
        "text/event-stream": text,
      }),
      ...problems(captionProblems),
    },
  },
  endpoint: {
    operationId: "imageToTextEndpoint",
    summary: "Captions a photo as an endpoint of Hugging Face does.",
    tags: ["hugging face"],
    requestBody: inputsBody,
    responses: generatedText,
  },
  inference: {
    operationId: "imageToText",
    summary: "Captions a photo as Hugging Face's inference API does.",
    description: "There is one model, which answers whatever the id is.",
    tags: ["hugging face"],
    parameters: [{ name: "id", in: "path", required: true, schema: Type.String({ minLength: 1 }) }],
    requestBody: inputsBody,
    responses: generatedText,
  },
  models: {
    operationId: "listModels",
    summary: "The model that captions, in our list and in that of OpenAI's clients.",
    tags: ["captions"],
    responses: {
      "200": answer("The models: one.", { "application/json": bothModelsSchema }),
      ...problems(["not-ready", "token-invalid"]),
    },
  },
  healthz: {
    operationId: "healthz",
    summary: "Whether the server is alive.",
    tags: ["operation"],
    security: [],
    responses: { "200": answer("It is.", { "application/json": schemas.statusSchema }) },
  },
  readyz: {
    operationId: "readyz",
    summary: "Whether the server can caption: the bundle is loaded, a worker is up, and it is not shutting down.",
    tags: ["operation"],
    security: [],
    responses: {
      "200": answer("It can.", { "application/json": schemas.statusSchema }),
      ...problems(["not-ready", "draining"]),
    },
  },
  metrics: {
    operationId: "metrics",
    summary: "Metrics in the format of Prometheus.",
    tags: ["operation"],
    responses: { "200": answer("The metrics.", { "text/plain": text }), ...problems(["token-invalid"]) },
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
    summary: "This document, under the name that tools look for.",
    tags: ["operation"],
    security: [],
    responses: { "200": answer("The document.", { "application/json": Type.Object({}) }) },
  },
};

/** A route of the server. */
export interface Route {
  readonly method: string;
  /** Path, with `{id}` for whatever stands at its end. */
  readonly path: string;
  /** What the document says of it; it wants a token unless its `security` is empty. */
  readonly operation: Operation;
  readonly answer: (request: Request) => Response | Promise<Response>;
  /** How a problem is answered. Default: as a document of RFC 9457. */
  readonly refusal?: Refusal;
}

/** Makes the answer to a request that is refused, in the shape that its client reads. */
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
    servers: [{ url: "/" }],
    ...(withTokens && { security: [{ token: [] }] }),
    paths,
    ...(withTokens && { components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } } }),
  };
  // TypeBox keeps symbols in its schemas, which JSON leaves out.
  return JSON.parse(JSON.stringify(document)) as object;
}

/** An answer of an operation, by the types that it can have. */
export function answer(description: string, content: Readonly<Record<string, TSchema>>): object {
  return {
    description,
    content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
  };
}

function problems(codes: readonly ProblemCode[]): Record<string, object> {
  const byStatus = Object.groupBy(codes, (code) => String(statusOf(code)));
  return Object.fromEntries(
    Object.keys(byStatus).map((status) => [
      status,
      answer("A problem, whose code says which.", { "application/problem+json": schemas.problemSchema }),
    ]),
  );
}
