import { type TSchema, Type } from "@sinclair/typebox";
import { nullable } from "../chat/nullable.ts";
import type { Chatting } from "../chat/question.ts";
import { answer, captionProblems, type Operation, otherProblems, type Route } from "../openapi.ts";
import type { ProblemCode } from "../problem.ts";
import { ollamaRefusal } from "./ollama_errors.ts";
import { ollamaChat, ollamaGenerate } from "./ollama_generate.ts";
import { ollamaPs, ollamaShow, ollamaTags, ollamaVersion } from "./ollama_models.ts";
import {
  generateAnswerSchema,
  generateBodySchema,
  ollamaChatAnswerSchema,
  ollamaChatBodySchema,
  ollamaErrorSchema,
  psSchema,
  showBodySchema,
  showSchema,
  tagsSchema,
  versionSchema,
} from "./ollama_schemas.ts";
import { noteHeader } from "./openai_routes.ts";

const errors = (codes: readonly ProblemCode[]) => otherProblems(codes, "An error.", ollamaErrorSchema);

const captioning = (operationId: string, summary: string, body: TSchema, answered: TSchema): Operation => ({
  operationId,
  summary,
  description: "docs/clients.md says what a prompt can change.",
  tags: ["ollama"],
  requestBody: { required: true, content: { "application/json": { schema: nullable(body) } } },
  responses: {
    "200": {
      ...answer("The caption, one line per picture. As a stream, one line of JSON for each word.", {
        "application/json": answered,
        "application/x-ndjson": Type.String(),
      }),
      headers: noteHeader,
    },
    ...errors(captionProblems),
  },
});

const reading = (operationId: string, summary: string, answered: TSchema): Operation => ({
  operationId,
  summary,
  tags: ["ollama"],
  responses: {
    "200": answer("The answer.", { "application/json": answered }),
    ...errors(["not-ready", "token-invalid"]),
  },
});

const show: Operation = {
  ...reading("ollamaShow", "Details of the model, as in Ollama's API.", showSchema),
  requestBody: { required: true, content: { "application/json": { schema: nullable(showBodySchema) } } },
  responses: {
    "200": answer("The model.", { "application/json": showSchema }),
    ...errors([...captionProblems, "not-ready"]),
  },
};

/**
 * The routes of Ollama's API.
 *
 * @param taking Lets a route accept pictures.
 */
export function ollamaRoutes(chatting: Chatting, taking: (answer: Route["answer"]) => Route["answer"]): Route[] {
  const post = (path: string, operation: Operation, answered: Route["answer"]): Route => ({
    method: "POST",
    path,
    operation,
    answer: answered,
    refusal: ollamaRefusal,
  });
  const get = (path: string, operation: Operation, answered: Route["answer"]): Route => ({
    ...post(path, operation, answered),
    method: "GET",
  });
  const generating = captioning(
    "ollamaGenerate",
    "Captions pictures, as in Ollama's API.",
    generateBodySchema,
    generateAnswerSchema,
  );
  const talking = captioning(
    "ollamaChat",
    "Captions the pictures of a chat, as in Ollama's API.",
    ollamaChatBodySchema,
    ollamaChatAnswerSchema,
  );
  return [
    post(
      "/api/generate",
      generating,
      taking((request) => ollamaGenerate(request, chatting)),
    ),
    post(
      "/api/chat",
      talking,
      taking((request) => ollamaChat(request, chatting)),
    ),
    post("/api/show", show, (request) => ollamaShow(request, chatting)),
    get(
      "/api/tags",
      reading("ollamaTags", "The list of models, which has one entry, as in Ollama's API.", tagsSchema),
      () => ollamaTags(chatting),
    ),
    get("/api/ps", reading("ollamaPs", "The loaded models: always the only one.", psSchema), () => ollamaPs(chatting)),
    get("/api/version", reading("ollamaVersion", "The version of edgecap.", versionSchema), ollamaVersion),
  ];
}
